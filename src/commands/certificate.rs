//! `berth certificate`: whether a certificate of deletion is genuine.

use std::path::PathBuf;

use anyhow::Context as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::certificates::{self, Signed};
use crate::config::Config;
use crate::platform::access::SystemScope;

use super::{ready, start};

/// What to do with a certificate.
#[derive(Debug, clap::Subcommand)]
pub(super) enum Certificate {
    /// Check that a certificate was signed by this installation and was not changed since. With --key no installation is needed.
    Verify {
        /// The certificate's file, as the panel and the API give it.
        file: PathBuf,
        /// The provider's public key (base 64), known from elsewhere.
        #[arg(long)]
        key: Option<String>,
        #[command(flatten)]
        config: Box<Config>,
    },
}

impl Certificate {
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let Self::Verify { file, key, config } = self;
        let text = std::fs::read_to_string(&file).with_context(|| format!("reading {}", file.display()))?;
        let signed = Signed::read(&text)
            .with_context(|| format!("{} is no certificate of deletion", file.display()))?;
        let outcome = match key {
            Some(key) => {
                let key = STANDARD.decode(key.trim()).context("--key is not base 64")?;
                signed.check(&key)
            }
            None => of_this_installation(ready(*config)?, &signed).await?,
        };
        outcome?;
        let document = &signed.document;
        println!(
            "Genuine: {} certifies that {} was erased on {}.",
            document.certificate, document.tenant, document.purged_at
        );
        let erased = &document.erased;
        println!(
            "{} servers with {} volumes ({} bytes), {} backups ({} keys destroyed), {} memberships, {} accounts.",
            erased.servers,
            erased.volumes,
            erased.bytes,
            erased.backups,
            erased.backup_keys,
            erased.memberships,
            erased.people
        );
        Ok(())
    }
}

async fn of_this_installation(
    config: Config,
    signed: &Signed,
) -> anyhow::Result<Result<(), certificates::NotGenuine>> {
    let urls = start::databases(&config).await?;
    let app = start::app(config, &urls)?;
    let scope = SystemScope::new(app.db.clone(), "berth certificate");
    let outcome = certificates::check(&scope, signed).await?;
    app.db.close().await;
    Ok(outcome)
}
