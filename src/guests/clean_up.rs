//! Forgetting those whose time is over. Nothing depends on it: they have no access any more. Harmless twice.

use chrono::Duration;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::store;

/// They stay so long on the server's page, so that its owner sees who was there and can give them more time. As long as ended
/// invitations are kept.
const ENDED_KEPT: Duration = Duration::days(30);

/// Deletes them, and with them their tokens; how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = store::purge(&mut tx, app.now() - ENDED_KEPT).await?;
    tx.commit().await?;
    Ok(count)
}
