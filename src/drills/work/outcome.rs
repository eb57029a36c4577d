//! How a drill ended, as it is written: with its proof or its alert, in one transaction.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::Who;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;

use super::super::TOPIC;
use super::super::model::Drill;
use super::super::store::{self, Claimed};
use super::AGAIN;

/// Has it tried again later.
pub(super) async fn put_off(app: &App, claimed: &Claimed, counts: bool, reason: &str) -> Result<bool, Error> {
    tracing::info!(drill = %claimed.drill.id, reason, "a restore drill is tried again");
    let mut tx = app.db.system().await?;
    store::put_off(&mut tx, claimed, (app.now() + AGAIN, counts)).await?;
    tx.commit().await?;
    Ok(false)
}

/// How one ends.
#[derive(Debug, Clone, Copy)]
pub(super) enum End<'a> {
    /// So much was restored, and it works.
    Proven(i64),
    /// It was not, or does not.
    Failed(&'a str),
    /// It could not be tried, which is nobody's fault.
    Moot(&'a str),
}

/// Writes that it is over.
pub(super) async fn end(app: &App, claimed: &Claimed, end: End<'_>) -> Result<bool, Error> {
    let (drill, now) = (&claimed.drill, app.now());
    let mut tx = app.db.system().await?;
    let result = match end {
        End::Proven(bytes) => (None, bytes),
        End::Failed(reason) | End::Moot(reason) => (Some(reason), 0),
    };
    if !store::end(&mut tx, claimed, result, now).await? {
        return Ok(false);
    }
    if let Some(server) = drill.server {
        let place = (server, drill.tenant);
        match end {
            End::Moot(_) => {}
            End::Proven(_) => {
                if store::prove(&mut tx, place, drill.backup_at, now)
                    .await?
                    .is_some()
                {
                    tell(app, &mut tx, drill, &Change::plain("drill.recover")).await?;
                }
            }
            End::Failed(reason) => {
                tracing::warn!(drill = %drill.id, tenant = %drill.tenant, reason, "a backup could not be proven");
                store::fail(&mut tx, place, reason, now).await?;
                let change = Change::to(
                    "drill.fail",
                    json!({ "drill": drill.id.to_string(), "reason": reason }),
                );
                tell(app, &mut tx, drill, &change).await?;
            }
        }
    }
    let target = drill.server.map(|server| server.0);
    events::emit(&mut tx, Some(drill.tenant), TOPIC, target).await?;
    tx.commit().await?;
    Ok(true)
}

async fn tell(app: &App, tx: &mut SystemTx, drill: &Drill, change: &Change) -> Result<(), Error> {
    let target = Target {
        kind: "server",
        id: drill.server.map(|server| server.0),
        label: &drill.server_name,
        tenant: Some(drill.tenant),
    };
    app.audit(tx, &Who::system("drills"), &target, change).await
}
