//! `berth migrate`: roles and migrations, with an administrator's connection.

use anyhow::Context as _;

use crate::config::Config;
use crate::platform::db;

use super::start::databases;

/// Prepares the database. Harmless twice.
pub(super) async fn run(config: &Config) -> anyhow::Result<()> {
    let urls = databases(config).await?;
    let admin = urls
        .admin
        .context("set BERTH_DATABASE_ADMIN_URL: creating roles takes an administrator")?;
    db::prepare(admin.expose(), urls.password.as_deref())
        .await
        .context("preparing the database")?;
    println!("The database is ready.");
    Ok(())
}
