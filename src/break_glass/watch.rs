//! Writes the end of grants whose time is up; they are over before, and this only tells whoever looks. Ends those whose person has
//! left: sessions end by themselves, too.

use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::actions::{finish, roles};
use super::store;

const PERIOD: Duration = Duration::from_secs(5);
const AT_ONCE: i64 = 100;

/// Starts it in the background of this process.
pub fn begin(app: &App) {
    let watched = app.clone();
    app.tasks.spawn(async move { watch(watched).await });
}

async fn watch(app: App) {
    let scope = SystemScope::new(app.db.clone(), "break-glass");
    loop {
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
        if let Err(error) = end_due(&app, &scope).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the end of access is told later"
            );
        }
    }
}

/// Ends those whose time is up, and those whose person has left. Says how many.
pub(super) async fn end_due(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let now = app.now();
    let due = store::due(&mut tx, now, AT_ONCE).await?;
    for grant in &due {
        finish(app, &mut tx, &scope.who, grant, "time").await?;
    }
    let idle_since = now - TimeDelta::minutes(i64::from(app.config.session_idle_minutes));
    let left = store::left(&mut tx, (now, idle_since), &roles(), AT_ONCE).await?;
    for grant in &left {
        finish(app, &mut tx, &scope.who, grant, "left").await?;
    }
    tx.commit().await?;
    Ok(u64::try_from(due.len() + left.len()).unwrap_or(u64::MAX))
}
