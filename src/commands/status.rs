//! `berth status`: status pages for where the panel is not.

use std::path::PathBuf;

use anyhow::Context as _;

use crate::config::Config;
use crate::platform::access::SystemScope;
use crate::status;

use super::{ready, start};

/// What to do with status pages.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Status {
    /// Write a page with its style, feed and JSON into a folder. Each file is replaced at once.
    Export {
        /// The page's name in addresses.
        #[arg(long)]
        page: String,
        /// The folder; made if it is not there.
        #[arg(long)]
        to: PathBuf,
        #[command(flatten)]
        config: Box<Config>,
    },
}

impl Status {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::Export { page, to, config } = self;
        let config = ready(*config)?;
        let urls = start::databases(&config).await?;
        let app = start::app(config, &urls)?;
        let scope = SystemScope::new(app.db.clone(), "berth status");
        let done = status::export(&app, &scope, &page, &to).await;
        app.db.close().await;
        done.with_context(|| format!("exporting the status page {page}"))?;
        println!("{}", to.join("index.html").display());
        Ok(())
    }
}
