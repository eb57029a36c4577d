//! The queries of operations and their steps.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, TenantId};

use super::model::{NewOperation, Operation, State, Step, StepState};

struct Row {
    id: Uuid,
    tenant_id: Option<Uuid>,
    kind: String,
    target_kind: String,
    target_id: Option<Uuid>,
    target_label: String,
    state: String,
    error: Option<String>,
    actor_label: String,
    created_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
}

impl From<Row> for Operation {
    fn from(row: Row) -> Self {
        Self {
            id: OperationId(row.id),
            tenant: row.tenant_id.map(TenantId),
            kind: row.kind,
            target_kind: row.target_kind,
            target: row.target_id,
            label: row.target_label,
            state: State::parse(&row.state),
            error: row.error,
            actor: row.actor_label,
            created_at: row.created_at,
            finished_at: row.finished_at,
        }
    }
}

/// The operations that `$which` says.
macro_rules! operations {
    ($which:literal, $($value:expr),*) => {
        sqlx::query_as!(
            Row,
            "select id, tenant_id, kind, target_kind, target_id, target_label, state, error, actor_label, created_at, \
             finished_at from operation " + $which,
            $($value),*
        )
    };
}

fn read(rows: Vec<Row>) -> Vec<Operation> {
    rows.into_iter().map(Operation::from).collect()
}

/// Writes a new operation in the asking action's transaction.
pub async fn open(tx: &mut impl Scoped, new: &NewOperation<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into operation (id, tenant_id, kind, target_kind, target_id, target_label, generation, actor_label, \
         created_at) values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new.id.0,
        new.tenant.map(|id| id.0),
        new.kind,
        new.target_kind,
        new.target,
        new.label,
        new.generation,
        new.actor,
        new.now,
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One operation, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: OperationId) -> Result<Operation, Error> {
    operations!("where id = $1", id.0)
        .fetch_optional(tx.conn())
        .await?
        .map(Operation::from)
        .ok_or(Error::NotFound)
}

/// The newest operations on a thing, newest first.
pub async fn for_target(tx: &mut impl Scoped, target: Uuid, limit: i64) -> Result<Vec<Operation>, Error> {
    let rows = operations!(
        "where target_id = $1 order by created_at desc, id desc limit $2",
        target,
        limit
    );
    Ok(read(rows.fetch_all(tx.conn()).await?))
}

/// A page of the operations that the scope may see, newest first, after the one created at `after`.
pub async fn list(
    tx: &mut impl Scoped,
    after: (DateTime<Utc>, Uuid),
    limit: i64,
) -> Result<Vec<Operation>, Error> {
    let rows = operations!(
        "where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3",
        after.0,
        after.1,
        limit
    );
    Ok(read(rows.fetch_all(tx.conn()).await?))
}

/// The steps of an operation, in order.
pub async fn steps(tx: &mut impl Scoped, id: OperationId) -> Result<Vec<Step>, Error> {
    let rows = sqlx::query!(
        "select name, state, detail, started_at, finished_at from operation_step where operation_id = $1 \
         order by position",
        id.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows
        .into_iter()
        .map(|row| Step {
            name: row.name,
            state: StepState::parse(&row.state),
            detail: row.detail,
            started_at: row.started_at,
            finished_at: row.finished_at,
        })
        .collect())
}

/// Marks the open operations on a thing, up to `generation`, as begun.
pub async fn start(
    tx: &mut SystemTx,
    target: Uuid,
    generation: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update operation set state = 'running', started_at = coalesce(started_at, $3) \
         where target_id = $1 and generation <= $2 and state = 'queued'",
        target,
        generation,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The thing has reached `generation`: its operation succeeded, earlier ones were overtaken.
pub async fn reach(
    tx: &mut SystemTx,
    target: Uuid,
    generation: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update operation set state = case when generation = $2 then 'succeeded' else 'superseded' end, \
         error = null, finished_at = $3, started_at = coalesce(started_at, $3) \
         where target_id = $1 and generation <= $2 and state in ('queued', 'running')",
        target,
        generation,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes on the open operations of a thing why the last attempt failed; `give_up` ends them.
pub async fn fail(
    tx: &mut SystemTx,
    target: Uuid,
    generation: i64,
    error: &str,
    give_up_at: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sqlx::query!(
        "update operation set error = $3, finished_at = $4, \
         state = case when $4::timestamptz is null then 'running' else 'failed' end \
         where target_id = $1 and generation <= $2 and state in ('queued', 'running')",
        target,
        generation,
        error,
        give_up_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Marks one operation that a job does as begun.
pub async fn begin(tx: &mut SystemTx, id: OperationId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update operation set state = 'running', started_at = coalesce(started_at, $2) \
         where id = $1 and state = 'queued'",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Holds one operation until the transaction ends, so that those that report to it do it one after the other.
pub async fn hold(tx: &mut SystemTx, id: OperationId) -> Result<(), Error> {
    sqlx::query_scalar!("select id from operation where id = $1 for update", id.0)
        .fetch_optional(tx.conn())
        .await?;
    Ok(())
}

/// Ends one operation that a job did.
pub async fn finish(
    tx: &mut SystemTx,
    id: OperationId,
    outcome: Result<(), &str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (state, error) = match outcome {
        Ok(()) => (State::Succeeded, None),
        Err(error) => (State::Failed, Some(error)),
    };
    sqlx::query!(
        "update operation set state = $2, error = $3, finished_at = $4 where id = $1",
        id.0,
        state.name(),
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the open operations on a thing that is gone.
pub async fn supersede(tx: &mut SystemTx, target: Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update operation set state = 'superseded', finished_at = $2 \
         where target_id = $1 and state in ('queued', 'running')",
        target,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Begins a step on the newest open operation of a thing. A step of that name that was begun before begins again.
pub async fn begin_step(
    tx: &mut SystemTx,
    target: Uuid,
    name: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "with op as (select id from operation where target_id = $1 and state in ('queued', 'running') \
                     order by created_at desc, id desc limit 1), \
              again as (update operation_step s set state = 'running', detail = null, started_at = $3, \
                        finished_at = null from op where s.operation_id = op.id and s.name = $2 returning 1) \
         insert into operation_step (operation_id, position, name, state, started_at) \
         select op.id, coalesce((select max(position) from operation_step s where s.operation_id = op.id), 0) + 1, \
                $2, 'running', $3 from op where not exists (select from again)",
        target,
        name,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says how far the running step of a thing's newest open operation is.
pub async fn note_step(tx: &mut SystemTx, target: Uuid, progress: &str) -> Result<(), Error> {
    sqlx::query!(
        "update operation_step s set detail = $2 where s.state = 'running' and s.operation_id = \
           (select id from operation where target_id = $1 and state in ('queued', 'running') \
            order by created_at desc, id desc limit 1)",
        target,
        progress
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the running step of a thing's newest open operation.
pub async fn end_step(
    tx: &mut SystemTx,
    target: Uuid,
    outcome: Result<(), &str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let (state, detail) = match outcome {
        Ok(()) => (StepState::Succeeded, None),
        Err(detail) => (StepState::Failed, Some(detail)),
    };
    sqlx::query!(
        "update operation_step s set state = $2, detail = $3, finished_at = $4 \
         where s.state = 'running' and s.operation_id = \
           (select id from operation where target_id = $1 and state in ('queued', 'running') \
            order by created_at desc, id desc limit 1)",
        target,
        state.name(),
        detail,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
