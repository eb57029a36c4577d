//! Forgetting what has ended. Nothing depends on it: what has ended is not accepted before either. Harmless twice.

use chrono::Duration;

use crate::accounts::authenticate::idle_since;
use crate::accounts::store;
use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

/// Used and expired links stay this long, so that "has been used" can be told from "never was".
const LINKS_KEPT: Duration = Duration::days(30);
const ATTEMPTS_KEPT: Duration = Duration::hours(24);

/// Deletes ended sessions, old links and forgotten failures; how many rows.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let sessions = store::purge_sessions(&mut tx, now, idle_since(app, now)).await?;
    let links = store::purge_links(&mut tx, now - LINKS_KEPT).await?;
    let attempts = store::purge_attempts(&mut tx, now - ATTEMPTS_KEPT).await?;
    tx.commit().await?;
    Ok(sessions + links + attempts)
}
