//! The queries of the runner: what is due, and each step's beginning and end. Whoever works on a run holds its lease, and every
//! write says so: one that lost its lease changes nothing.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ScheduleId, ScheduleRunId, ServerId, TenantId};

use super::super::model::{RunState, RunStep, Schedule, Step};
use super::schedules::{Row, steps};

/// A schedule whose time has come.
#[derive(Debug)]
pub(in super::super) struct Fired {
    pub(in super::super) schedule: Schedule,
    pub(in super::super) due_at: DateTime<Utc>,
    pub(in super::super) is_tenant_active: bool,
    pub(in super::super) is_deleting: bool,
}

/// What is due, locked; what somebody else has locked is left to them.
pub(in super::super) async fn due(
    tx: &mut SystemTx,
    now: DateTime<Utc>,
    limit: i64,
) -> Result<Vec<Fired>, Error> {
    let rows = sqlx::query!(
        r#"select s.id, s.tenant_id, s.server_id, s.name, s.cron, s.is_paused, s.steps, s.next_run as "next_run!", s.version,
           s.created_by, s.created_at, s.updated_at, t.status = 'active' as "is_tenant_active!",
           v.deleted_at is not null or v.deleting_at is not null as "is_deleting!"
           from schedule s join tenant t on t.id = s.tenant_id join server v on v.id = s.server_id
           where s.next_run <= $1 order by s.next_run limit $2 for update of s skip locked"#,
        now,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    let fired = rows.map(|row| {
        Ok(Fired {
            due_at: row.next_run,
            is_tenant_active: row.is_tenant_active,
            is_deleting: row.is_deleting,
            schedule: Row {
                id: row.id,
                tenant_id: row.tenant_id,
                server_id: row.server_id,
                name: row.name,
                cron: row.cron,
                is_paused: row.is_paused,
                steps: row.steps,
                next_run: Some(row.next_run),
                version: row.version,
                created_by: row.created_by,
                created_at: row.created_at,
                updated_at: row.updated_at,
            }
            .try_into()?,
        })
    });
    fired.collect()
}

/// A run under a lease.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Claimed {
    pub(in super::super) id: ScheduleRunId,
    pub(in super::super) schedule: ScheduleId,
    pub(in super::super) lease: Uuid,
}

/// Takes runs that somebody has to look at.
pub(in super::super) async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update schedule_run set wake_at = null, lease_id = $1, lease_until = $3 where id in \
         (select id from schedule_run where wake_at <= $2 order by wake_at limit $4 for update skip locked) \
         returning id, schedule_id",
        lease,
        now,
        until,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    let claimed = rows.map(|row| Claimed {
        id: ScheduleRunId(row.id),
        schedule: ScheduleId(row.schedule_id),
        lease,
    });
    Ok(claimed.collect())
}

/// A run whose lease ran out: its process died, or lost the database.
#[derive(Debug)]
pub(in super::super) struct Lost {
    pub(in super::super) claimed: Claimed,
    pub(in super::super) tenant: TenantId,
    pub(in super::super) position: i32,
    /// Whether a step had begun that nobody can tell the end of.
    pub(in super::super) is_in_doubt: bool,
    /// What it was to do.
    pub(in super::super) steps: Vec<Step>,
    pub(in super::super) due_at: DateTime<Utc>,
}

/// Runs whose lease ran out, locked.
pub(in super::super) async fn lost(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<Vec<Lost>, Error> {
    let rows = sqlx::query!(
        r#"select r.id, r.schedule_id, r.tenant_id, r.position, r.lease_id as "lease_id!", r.steps, r.due_at,
           exists (select from schedule_run_step p where p.run_id = r.id and p.position = r.position
                   and p.state = 'running' and p.operation_id is null) as "is_in_doubt!"
           from schedule_run r where r.lease_until <= $1 limit 100 for update skip locked"#,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    rows.map(|row| {
        Ok(Lost {
            claimed: Claimed {
                id: ScheduleRunId(row.id),
                schedule: ScheduleId(row.schedule_id),
                lease: row.lease_id,
            },
            tenant: TenantId(row.tenant_id),
            position: row.position,
            is_in_doubt: row.is_in_doubt,
            steps: steps(row.steps)?,
            due_at: row.due_at,
        })
    })
    .collect()
}

/// What a run is about.
#[derive(Debug)]
pub(in super::super) struct Subject {
    pub(in super::super) server: ServerId,
    pub(in super::super) schedule_name: String,
}

/// What a schedule is about; nothing if it is gone.
pub(in super::super) async fn subject(tx: &mut SystemTx, id: ScheduleId) -> Result<Option<Subject>, Error> {
    let row = sqlx::query!("select server_id, name from schedule where id = $1", id.0);
    Ok(row.fetch_optional(tx.conn()).await?.map(|row| Subject {
        server: ServerId(row.server_id),
        schedule_name: row.name,
    }))
}

/// Keeps the lease. Says whether it was still held.
pub(in super::super) async fn renew(
    tx: &mut SystemTx,
    claimed: Claimed,
    until: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update schedule_run set lease_until = $3 where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Lets go of a run, to look at it again later. Says whether the lease was still held.
pub(in super::super) async fn put_back(
    tx: &mut SystemTx,
    claimed: Claimed,
    wake_at: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update schedule_run set lease_id = null, lease_until = null, wake_at = $3 where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        wake_at
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Lets go of a run whose next step is `position`.
pub(in super::super) async fn go_on(
    tx: &mut SystemTx,
    claimed: Claimed,
    (position, wake_at): (i32, DateTime<Utc>),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update schedule_run set lease_id = null, lease_until = null, wake_at = $3, position = $4 \
         where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        wake_at,
        position
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Ends a run. Says whether the lease was still held.
pub(in super::super) async fn end_run(
    tx: &mut SystemTx,
    claimed: Claimed,
    (state, reason): (RunState, Option<&str>),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update schedule_run set state = $3, reason = $4, finished_at = $5, lease_id = null, lease_until = null, wake_at = null \
         where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        state.word(),
        reason,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Writes that a step begins. Says whether it did: not without the lease, and not twice.
pub(in super::super) async fn begin_step(
    tx: &mut SystemTx,
    claimed: Claimed,
    (position, operation): (i32, Option<OperationId>),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into schedule_run_step (run_id, tenant_id, position, state, started_at, operation_id) \
         select id, tenant_id, $3, 'running', $4, $5 from schedule_run where id = $1 and lease_id = $2 \
         on conflict do nothing",
        claimed.id.0,
        claimed.lease,
        position,
        now,
        operation.map(|id| id.0)
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Writes how a step ended, whether or not its beginning was written.
pub(in super::super) async fn end_step(
    tx: &mut SystemTx,
    claimed: Claimed,
    step: &RunStep,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into schedule_run_step (run_id, tenant_id, position, state, started_at, finished_at, exit_code, output, is_cut, note) \
         select id, tenant_id, $3, $4, $5, $6, $7, $8, $9, $10 from schedule_run where id = $1 and lease_id = $2 \
         on conflict (run_id, position) do update set state = excluded.state, finished_at = excluded.finished_at, \
         exit_code = excluded.exit_code, output = excluded.output, is_cut = excluded.is_cut, note = excluded.note",
        claimed.id.0,
        claimed.lease,
        i32::try_from(step.position).unwrap_or(i32::MAX),
        step.state.word(),
        step.started_at,
        step.finished_at,
        step.exit_code,
        step.output,
        step.is_cut,
        step.note
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
