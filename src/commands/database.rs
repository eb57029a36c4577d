//! `berth database`: the private PostgreSQL cluster, for scripts and tests.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::platform::db::EmbeddedPostgres;

/// What to do with the cluster.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Database {
    /// Start it (made if it is not there), and print the administrator's address.
    Start {
        /// Its folder.
        #[arg(long)]
        dir: PathBuf,
        /// For tests: fast, and lost at a power cut.
        #[arg(long)]
        volatile: bool,
    },
    /// Stop it, if it runs.
    Stop {
        /// Its folder.
        #[arg(long)]
        dir: PathBuf,
    },
}

impl Database {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        match self {
            Self::Start { dir, volatile } => {
                let cluster = EmbeddedPostgres::start(&dir, volatile)
                    .await
                    .context("starting PostgreSQL")?;
                println!("{}", cluster.admin_url("postgres").expose());
            }
            Self::Stop { dir } => EmbeddedPostgres::stop(&dir)
                .await
                .context("stopping PostgreSQL")?,
        }
        Ok(())
    }
}
