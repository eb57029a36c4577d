//! Snapshots with work to be done, as the reconciler's queue.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ServerId, SnapshotId};

use super::super::model::{Snapshot, State};
use super::find;

/// A snapshot under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// As it is.
    pub snapshot: Snapshot,
    /// The work that somebody watches.
    pub operation: Option<OperationId>,
    /// What keeps the present state first, when it is restored.
    pub safety: Option<SnapshotId>,
    /// How many of its kind are kept.
    pub keep: Option<i32>,
    /// The lease.
    pub lease: Uuid,
    /// How often it failed in a row.
    pub failures: i32,
}

/// Takes what is due under a lease, at most `limit`. What another process holds is passed over.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update snapshot set lease_id = $1, lease_until = $2, next_attempt_at = null where id in ( \
           select id from snapshot where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) \
         returning id, server_id, operation_id, safety_id, keep, error_count",
        lease,
        until,
        now,
        limit
    );
    let mut claimed = Vec::new();
    for row in rows.fetch_all(tx.conn()).await? {
        claimed.push(Claimed {
            snapshot: find(tx, (ServerId(row.server_id), SnapshotId(row.id))).await?,
            operation: row.operation_id.map(OperationId),
            safety: row.safety_id.map(SnapshotId),
            keep: row.keep,
            lease,
            failures: row.error_count,
        });
    }
    Ok(claimed)
}

/// Holds on to a lease. Says whether it is still ours.
pub async fn renew(tx: &mut SystemTx, claimed: &Claimed, until: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update snapshot set lease_until = $3 where id = $1 and lease_id = $2",
        claimed.snapshot.id.0,
        claimed.lease,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Gives the lease back in this state; one that failed says so to what it reports to. Says whether it was still ours.
pub async fn settle(
    tx: &mut SystemTx,
    claimed: &Claimed,
    (state, error): (State, Option<&str>),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update snapshot set state = $3, error = $4, error_count = 0, lease_id = null, lease_until = null, \
         next_attempt_at = null, operation_id = case when $3 = 'failed' then operation_id end, safety_id = null, \
         taken_at = case when $3 = 'ready' then coalesce(taken_at, $5) else taken_at end where id = $1 and lease_id = $2",
        claimed.snapshot.id.0,
        claimed.lease,
        state.word(),
        error,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// What reports to an operation: how many are not over yet, and how those that failed did, in words.
pub async fn reported(tx: &mut SystemTx, operation: OperationId) -> Result<(i64, Vec<String>), Error> {
    let rows = sqlx::query!(
        "select s.state, s.error, v.name from snapshot s join server v on v.id = s.server_id where s.operation_id = $1 \
         order by v.name, s.id",
        operation.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let open = rows
        .iter()
        .filter(|row| row.state == State::Making.word())
        .count();
    let failed = rows.into_iter().filter(|row| row.state == State::Failed.word());
    let failed = failed.map(|row| format!("{}: {}", row.name, row.error.unwrap_or_default()));
    Ok((i64::try_from(open).unwrap_or(i64::MAX), failed.collect()))
}

/// Gives the lease back; it is due again later. Without an error it only waits.
pub async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: Option<&str>,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update snapshot set lease_id = null, lease_until = null, next_attempt_at = $3, error = $4, \
         error_count = case when $4::text is null then 0 else error_count + 1 end where id = $1 and lease_id = $2",
        claimed.snapshot.id.0,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Erases one. Nothing if the lease was lost.
pub async fn erase(tx: &mut SystemTx, claimed: &Claimed) -> Result<bool, Error> {
    let done = sqlx::query!(
        "delete from snapshot where id = $1 and lease_id = $2",
        claimed.snapshot.id.0,
        claimed.lease
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}
