//! `berth migrate`: roles and migrations, with an administrator's connection.

use anyhow::Context as _;

use crate::config::Config;

use super::start::{databases, prepare_once};

/// Prepares the database. Harmless twice.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let urls = databases(config).await?;
    let admin = urls
        .admin
        .clone()
        .context("set BERTH_DATABASE_ADMIN_URL: creating roles takes an administrator")?;
    prepare_once(&admin, &urls)
        .await
        .context("preparing the database")?;
    println!("The database is ready.");
    Ok(())
}
