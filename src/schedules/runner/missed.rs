//! A run that was to make backups and made none is told where people arrive: for each server that it was to back up.

use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ServerId, TenantId};
use crate::{backups, servers, stacks};

use super::super::model::{Step, backs_server_up, backs_stack_up};

/// Tells it, as part of whatever ended or skipped the run. Where there is a whole backup since it was due, nothing is told.
pub(super) async fn tell_missed(
    app: &App,
    tx: &mut SystemTx,
    (server, tenant): (ServerId, TenantId),
    schedule: (ScheduleId, &str),
    (steps, due_at): (&[Step], DateTime<Utc>),
) -> Result<(), Error> {
    for one in backed_up(app, tx, server, steps).await? {
        backups::missed(app, tx, (one, tenant), schedule, due_at).await?;
    }
    Ok(())
}

/// The servers that these steps back up.
async fn backed_up(
    app: &App,
    tx: &mut SystemTx,
    id: ServerId,
    steps: &[Step],
) -> Result<Vec<ServerId>, Error> {
    let mut all = Vec::new();
    if backs_stack_up(steps) {
        let server = servers::find(tx, id).await?;
        match server.in_stack() {
            Ok(stack) => all.extend(stacks::keeping(app, tx, stack).await?.iter().map(|one| one.id)),
            // The one server that there is says that nothing was backed up.
            Err(_) => all.push(id),
        }
    }
    if backs_server_up(steps) && !all.contains(&id) {
        all.push(id);
    }
    Ok(all)
}
