//! What time alone does to incidents.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::maintenance;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::fault;
use crate::platform::ids::IncidentId;

use super::super::model::{Around, IncidentState, News, Signal};
use super::super::{group, store};
use super::report::{changed, end_group, recover, settle_in};

/// What was explained by something larger has so long to come back when that is over.
const GRACE: TimeDelta = TimeDelta::minutes(2);
/// So many that waited are told at a time.
const BATCH: i64 = 200;

/// Does what time alone brings: tells what waited for something larger or for maintenance that is over, how large groups have
/// become, and the end of what somebody closed or whose server is gone. One transaction each. Harmless twice.
///
/// # Errors
/// The first, after the others were done.
pub async fn settle(app: &App, scope: &SystemScope) -> Result<(), Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let running = maintenance::running(&mut tx, now).await?;
    let untold = store::untold(&mut tx, now - GRACE, &running, BATCH).await?;
    let (groups, owing) = (store::open_groups(&mut tx).await?, store::owing(&mut tx).await?);
    let orphans = store::orphans(&mut tx).await?;
    drop(tx);
    let mut outcome = Ok(());
    for id in untold {
        outcome = outcome.and(release(app, scope, id).await);
    }
    for group in groups {
        outcome = outcome.and(measure(app, scope, group.incident.id).await);
    }
    for id in owing {
        outcome = outcome.and(pay(app, scope, id).await);
    }
    for id in orphans {
        outcome = outcome.and(let_go(app, scope, id).await);
    }
    outcome
}

/// Tells one that waited, unless something else explains it by now.
async fn release(app: &App, scope: &SystemScope, id: IncidentId) -> Result<(), Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    store::serialize(&mut tx).await?;
    let kept = store::find(&mut tx, id).await?;
    let one = &kept.incident;
    if one.state != IncidentState::Open || kept.told.is_some() {
        return Ok(());
    }
    let around = Around {
        parent: store::parent(&mut tx, &one.cause, one.location, one.server).await?,
        maintenance: maintenance::covering(&mut tx, (one.server, one.location), now).await?,
    };
    store::release(&mut tx, id, &around, now).await?;
    settle_in(app, &mut tx, id, News::Opened).await?;
    fault::point("incidents.released");
    tx.commit().await
}

/// Tells how large a group is, or ends one of which nothing is left.
async fn measure(app: &App, scope: &SystemScope, id: IncidentId) -> Result<(), Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    store::serialize(&mut tx).await?;
    let group = store::find(&mut tx, id).await?;
    let one = &group.incident;
    if one.state != IncidentState::Open {
        return Ok(());
    }
    let count = usize::try_from(store::servers_of(&mut tx, id).await?).unwrap_or_default();
    let name = one.detail["name"].as_str().unwrap_or_default();
    if count == 0 {
        end_group(app, &mut tx, &group, now).await?;
    } else if group.owes_news {
        let signal = Signal {
            cause: one.cause.clone(),
            tenant: None,
            location: one.location,
            server: None,
            check: None,
            signature: one.signature,
            summary: group::told(name, count),
            failing: true,
            since: one.began_at,
            detail: json!({ "name": name, "servers": count }),
        };
        let grew_at = group.changed_at;
        store::update(&mut tx, id, &signal, grew_at).await?;
        changed(app, &mut tx, id, Some(News::Updated)).await?;
    } else {
        return Ok(());
    }
    tx.commit().await
}

/// Ends one whose server is gone.
async fn let_go(app: &App, scope: &SystemScope, id: IncidentId) -> Result<(), Error> {
    let (now, mut tx) = (app.now(), scope.begin().await?);
    store::serialize(&mut tx).await?;
    let one = store::find(&mut tx, id).await?.incident;
    if one.state == IncidentState::Open {
        recover(app, &mut tx, &one, now).await?;
    }
    tx.commit().await
}

/// Tells the end of one that somebody closed.
async fn pay(app: &App, scope: &SystemScope, id: IncidentId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    store::serialize(&mut tx).await?;
    store::paid(&mut tx, id).await?;
    if store::find(&mut tx, id).await?.incident.state == IncidentState::Closed {
        changed(app, &mut tx, id, Some(News::Recovered)).await?;
    }
    tx.commit().await
}
