//! What is left of visits that are over: shells that did not end, and the visits of a process that died.

use std::collections::HashSet;

use chrono::TimeDelta;

use crate::app::App;
use crate::audit::Change;
use crate::drivers::engine::ShellKey;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::super::actions::target;
use super::super::store as servers;
use super::actions::shown_after;
use super::model::Way;
use super::store::{self, Lost};

/// A visit is spoken for once a minute.
const SILENT: TimeDelta = TimeDelta::minutes(5);

/// Makes sure that nothing is left of what is over. Harmless twice: a shell that is gone is gone, and a visit's row goes with
/// its audit event.
pub async fn end_lost(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let limit = app.now() - SILENT;
    let found = store::lost(&mut scope.begin().await?, limit).await?;
    let (mut count, mut ended) = (0, HashSet::new());
    for visit in found {
        let may_be_left = visit.way == Way::Shell.name() && !visit.has_company;
        if may_be_left && ended.insert(visit.shell.clone()) && !end(app, &visit).await? {
            ended.remove(&visit.shell);
            continue;
        }
        close(app, scope, &visit).await?;
        count += 1;
    }
    Ok(count)
}

/// Whether nothing of a visit's shell is left now. Where that can't be had, the next run tries again.
async fn end(app: &App, visit: &Lost) -> Result<bool, Error> {
    let shell = ShellKey::new(visit.shell.as_str()).map_err(Error::internal)?;
    let key = super::key(visit.server).map_err(Error::internal)?;
    let outcome = app.engine.end_shell(&key, &shell).await;
    if let Err(error) = &outcome {
        let cause: &dyn std::error::Error = error;
        tracing::warn!(server = %visit.server, error = cause, "a shell is left");
    }
    Ok(outcome.is_ok())
}

async fn close(app: &App, scope: &SystemScope, visit: &Lost) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    if store::remove(&mut tx, visit.id).await? && !visit.is_closed {
        let server = servers::find(&mut tx, visit.server).await?;
        let seconds = (visit.seen_at - visit.opened_at).num_seconds();
        let after = shown_after((&visit.way, visit.may_type), seconds, "lost");
        let change = Change::to("console.close", after);
        app.audit(&mut tx, &visit.who, &target(&server), &change).await?;
    }
    tx.commit().await
}
