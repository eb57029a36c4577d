//! Checking a repository, once a week: what it says of itself, and a part of the data that it holds, another one each time. Nobody
//! waits for that, so it comes after all else that is to be done in the repository.

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::drivers::backup::{Place, Restic};
use crate::platform::access::Who;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::BackupRepositoryId;
use crate::platform::{events, operations};

use super::super::TOPIC;
use super::super::store::{self, Claimed, Job};
use super::Trouble;

/// So long after one that passed comes the next.
pub(super) const EVERY: TimeDelta = TimeDelta::days(7);
/// One that failed is made again so long after, so that what was repaired, or was away for a while, is known to be well.
const AGAIN: TimeDelta = TimeDelta::hours(6);
/// How much of the data is read, in percent.
const PART: u8 = 5;

/// What is to be done in a repository: a check only if there is nothing else. It comes in a place of its own ([`Claimed::is_check`]);
/// but if it is what failed last, it is tried again when its time has come, as anything else is.
pub(super) async fn next(app: &App, claimed: &Claimed) -> Result<Option<Job>, Error> {
    let mut tx = app.db.system().await?;
    if let Some(job) = store::next(&mut tx, claimed.id).await? {
        return Ok(Some(job));
    }
    let may_check = claimed.is_check || claimed.failures > 0;
    let is_due = may_check && store::is_check_due(&mut tx, claimed.id, app.now()).await?;
    Ok(is_due.then_some(Job::Check))
}

/// How often this kind of thing was cut off in the repository. A check has its own count: it uses up nobody else's patience, and what
/// else is done does not give it more.
pub(super) fn cut_offs(claimed: &Claimed, job: &Job) -> i32 {
    match job {
        Job::Check => claimed.check_cut_offs,
        _ => claimed.cut_offs,
    }
}

/// Does it.
pub(super) async fn check(
    app: &App,
    restic: &Restic,
    place: &Place,
    id: BackupRepositoryId,
) -> Result<(), Trouble> {
    let mut tx = app.db.system().await?;
    if let Some(operation) = store::check_operation(&mut tx, id).await? {
        operations::begin(&mut tx, operation, app.now()).await?;
    }
    tx.commit().await?;
    restic.check_data(place, PART).await?;
    Ok(())
}

/// Writes how it ended: a failure is an alert until one passes.
pub(super) async fn end(
    app: &App,
    tx: &mut SystemTx,
    claimed: &Claimed,
    failure: Option<&str>,
) -> Result<(), Error> {
    let now = app.now();
    let next = now + if failure.is_none() { EVERY } else { AGAIN };
    let Some(ended) = store::end_check(tx, claimed, (failure, next), now).await? else {
        return Ok(());
    };
    if let Some(operation) = ended.operation {
        operations::finish(tx, operation, failure.map_or(Ok(()), Err), now).await?;
    }
    let change = match failure {
        Some(reason) => {
            let tenant = ended.tenant;
            tracing::warn!(repository = %claimed.id, %tenant, reason, "a check of a repository failed");
            Some(Change::to(
                "backup-repository.check_fail",
                json!({ "reason": reason }),
            ))
        }
        None if ended.was_failing => Some(Change::plain("backup-repository.check_recover")),
        None => None,
    };
    if let Some(change) = change {
        let target = Target {
            kind: "backup-repository",
            id: Some(claimed.id.0),
            label: &ended.target,
            tenant: Some(ended.tenant),
        };
        app.audit(tx, &Who::system("backups"), &target, &change).await?;
    }
    events::emit(tx, Some(ended.tenant), TOPIC, None).await
}
