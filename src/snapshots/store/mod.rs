//! The queries of snapshots.

mod queue;
mod room;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ScheduleId, ServerId, SnapshotId, StackId, TenantId};

use super::model::{PartSnapshot, Reason, Snapshot, State};

pub use queue::{Claimed, claim, erase, put_off, renew, reported, settle};
pub use room::{count, count_staying, is_reported, make_room, prune, prune_failed};

struct Row {
    id: Uuid,
    tenant_id: Uuid,
    server_id: Uuid,
    name: String,
    reason: String,
    schedule_id: Option<Uuid>,
    state: String,
    error: Option<String>,
    created_by: String,
    created_at: DateTime<Utc>,
    taken_at: Option<DateTime<Utc>>,
}

impl From<Row> for Snapshot {
    fn from(row: Row) -> Self {
        Self {
            id: SnapshotId(row.id),
            tenant: TenantId(row.tenant_id),
            server: ServerId(row.server_id),
            name: row.name,
            reason: Reason::read(&row.reason),
            schedule: row.schedule_id.map(ScheduleId),
            state: State::read(&row.state),
            error: row.error,
            created_by: row.created_by,
            created_at: row.created_at,
            taken_at: row.taken_at,
        }
    }
}

macro_rules! select {
    ($rest:literal, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            Row,
            "select id, tenant_id, server_id, name, reason, schedule_id, state, error, created_by, created_at, taken_at \
             from snapshot "
                + $rest,
            $($argument),+
        )
    };
}

/// All of a server's, the newest first. There are few.
pub async fn list(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Snapshot>, Error> {
    let rows = select!("where server_id = $1 order by created_at desc, id desc", server.0);
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Snapshot::from)
        .collect())
}

/// Those of a stack's servers, the newest first, at most so many.
pub async fn of_stack(tx: &mut impl Scoped, stack: StackId, limit: i64) -> Result<Vec<PartSnapshot>, Error> {
    let rows = sqlx::query!(
        "select s.id, s.tenant_id, s.server_id, s.name, s.reason, s.schedule_id, s.state, s.error, s.created_by, s.created_at, \
         s.taken_at, v.name as server_name from snapshot s join server v on v.id = s.server_id where v.stack_id = $1 \
         order by s.created_at desc, s.id desc limit $2",
        stack.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| PartSnapshot {
            server_name: row.server_name,
            snapshot: Snapshot::from(Row {
                id: row.id,
                tenant_id: row.tenant_id,
                server_id: row.server_id,
                name: row.name,
                reason: row.reason,
                schedule_id: row.schedule_id,
                state: row.state,
                error: row.error,
                created_by: row.created_by,
                created_at: row.created_at,
                taken_at: row.taken_at,
            }),
        })
        .collect())
}

/// One of a server's.
pub async fn find(tx: &mut impl Scoped, (server, id): (ServerId, SnapshotId)) -> Result<Snapshot, Error> {
    let row = select!("where id = $1 and server_id = $2", id.0, server.0);
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(Snapshot::from).ok_or(Error::NotFound)
}

/// One of a server's, locked until the transaction ends.
pub async fn lock(tx: &mut impl Scoped, (server, id): (ServerId, SnapshotId)) -> Result<Snapshot, Error> {
    let row = select!("where id = $1 and server_id = $2 for update", id.0, server.0);
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(Snapshot::from).ok_or(Error::NotFound)
}

/// Writes a new one, which is due at once if there is an operation for it. `keep` bounds how many are kept.
pub async fn insert(
    tx: &mut impl Scoped,
    new: &Snapshot,
    (operation, keep): (Option<OperationId>, Option<i32>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into snapshot (id, tenant_id, server_id, name, reason, state, keep, created_by, created_at, operation_id, \
         schedule_id, next_attempt_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9::timestamptz, $10, $11, \
         case when $10::uuid is null then null else $9::timestamptz end)",
        new.id.0,
        new.tenant.0,
        new.server.0,
        new.name,
        new.reason.word(),
        new.state.word(),
        keep,
        new.created_by,
        new.created_at,
        operation.map(|id| id.0),
        new.schedule.map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins to remove one.
pub async fn begin_removal(tx: &mut impl Scoped, id: SnapshotId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update snapshot set state = 'removing', next_attempt_at = $2, error = null, error_count = 0 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins to restore a server to one, after `safety` was taken.
pub async fn begin_restore(
    tx: &mut impl Scoped,
    id: SnapshotId,
    (safety, operation): (SnapshotId, OperationId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "update snapshot set state = 'restoring', safety_id = $2, operation_id = $3, next_attempt_at = $4, error = null, \
         error_count = 0 where id = $1",
        id.0,
        safety.0,
        operation.0,
        now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(|error| {
        if violates(&error, "snapshot_restoring") {
            Error::conflict(
                "being-restored",
                "This server is being restored already. Wait until that is done.",
            )
        } else {
            error.into()
        }
    })
}

/// Notes that the one that keeps the present state was taken.
pub async fn note_taken(tx: &mut SystemTx, id: SnapshotId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update snapshot set state = 'ready', taken_at = coalesce(taken_at, $2) where id = $1 and state = 'making'",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has a server hold still for its own restoring, unless it does so for something else, or is not there any more. Says
/// whether it does.
pub async fn hold_still(tx: &mut SystemTx, server: ServerId) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update server set still_for = id where id = $1 and deleted_at is null and (still_for is null or still_for = id)",
        server.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Whether a server is being restored to a snapshot, or waits for it.
pub async fn is_restored(tx: &mut impl Scoped, server: ServerId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from snapshot where server_id = $1 and state = 'restoring') as "found!""#,
        server.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Lets it go on.
pub async fn let_go(tx: &mut SystemTx, server: ServerId) -> Result<(), Error> {
    sqlx::query!(
        "update server set still_for = null where id = $1 and still_for = id",
        server.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether nobody works on a server: who takes it up from now on leaves it stopped.
pub async fn is_unattended(tx: &mut SystemTx, server: ServerId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select lease_id is null as "free!" from server where id = $1 and still_for = id"#,
        server.0
    );
    Ok(found.fetch_optional(tx.conn()).await?.unwrap_or(false))
}

/// The volumes of a server that can be snapshotted, by their names in the pool.
pub async fn volumes(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<String>, Error> {
    let names = sqlx::query_scalar!(
        "select name from server_volume where server_id = $1 and is_enforced order by name",
        server.0
    );
    Ok(names.fetch_all(tx.conn()).await?)
}

/// Notes that a server's data comes from a snapshot of another's.
pub async fn copy_from(
    tx: &mut TenantTx,
    (server, tenant): (ServerId, TenantId),
    snapshot: SnapshotId,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into snapshot_copy (server_id, tenant_id, snapshot_id) values ($1, $2, $3)",
        server.0,
        tenant.0,
        snapshot.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The snapshot that a server's data comes from, if it comes from one.
pub async fn copied_from(tx: &mut impl Scoped, server: ServerId) -> Result<Option<SnapshotId>, Error> {
    let found = sqlx::query_scalar!(
        "select snapshot_id from snapshot_copy where server_id = $1",
        server.0
    );
    Ok(found.fetch_optional(tx.conn()).await?.map(SnapshotId))
}

/// Whether an open copy is filled from a snapshot.
pub async fn is_read(tx: &mut impl Scoped, snapshot: SnapshotId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from snapshot_copy c join server_copy s on s.server_id = c.server_id
             where c.snapshot_id = $1 and s.state = 'open') as "found!""#,
        snapshot.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}
