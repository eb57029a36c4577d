//! The queries of runs, as people read them and as they begin.

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ScheduleId, ScheduleRunId, ServerId};

use super::super::model::{RUNS_KEPT, Run, RunState, RunStep, Schedule, StepState};
use super::schedules::steps;

struct Row {
    id: Uuid,
    state: String,
    asked_by: Option<String>,
    due_at: DateTime<Utc>,
    started_at: DateTime<Utc>,
    finished_at: Option<DateTime<Utc>>,
    reason: Option<String>,
    times: i32,
    steps: serde_json::Value,
    position: i32,
}

impl TryFrom<Row> for Run {
    type Error = Error;
    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            id: ScheduleRunId(row.id),
            state: RunState::read(&row.state),
            asked_by: row.asked_by,
            due_at: row.due_at,
            started_at: row.started_at,
            finished_at: row.finished_at,
            reason: row.reason,
            times: row.times,
            steps: steps(row.steps)?,
            position: usize::try_from(row.position).unwrap_or_default(),
        })
    }
}

/// A run that begins.
pub(in super::super) struct NewRun<'a> {
    pub(in super::super) id: ScheduleRunId,
    pub(in super::super) schedule: &'a Schedule,
    pub(in super::super) asked_by: Option<&'a str>,
    pub(in super::super) due_at: DateTime<Utc>,
    pub(in super::super) now: DateTime<Utc>,
}

/// Begins a run. Says whether it did: not while another one of the schedule is under way.
pub(in super::super) async fn add_run(tx: &mut impl Scoped, new: &NewRun<'_>) -> Result<bool, Error> {
    let steps = serde_json::to_value(&new.schedule.steps).map_err(Error::internal)?;
    let wait = new.schedule.steps.first().map_or(0, |step| step.wait_seconds);
    let wake_at = new.now + TimeDelta::seconds(i64::from(wait));
    let done = sqlx::query!(
        "insert into schedule_run (id, tenant_id, schedule_id, state, asked_by, due_at, started_at, steps, wake_at) \
         values ($1, $2, $3, 'running', $4, $5, $6, $7, $8) on conflict do nothing",
        new.id.0,
        new.schedule.tenant.0,
        new.schedule.id.0,
        new.asked_by,
        new.due_at,
        new.now,
        steps,
        wake_at
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Tells that a run was not begun. Those that follow each other for one reason are one row, so that they don't push out what
/// was really done.
pub(in super::super) async fn skip(tx: &mut SystemTx, new: &NewRun<'_>, reason: &str) -> Result<(), Error> {
    let again = sqlx::query!(
        "update schedule_run set times = times + 1, due_at = $2, finished_at = $3 \
         where id = (select id from schedule_run where schedule_id = $1 and state <> 'running' \
                     order by started_at desc, id desc limit 1) \
           and state = 'skipped' and reason = $4",
        new.schedule.id.0,
        new.due_at,
        new.now,
        reason
    );
    if again.execute(tx.conn()).await?.rows_affected() > 0 {
        return Ok(());
    }
    sqlx::query!(
        "insert into schedule_run (id, tenant_id, schedule_id, state, due_at, started_at, finished_at, reason, steps) \
         values ($1, $2, $3, 'skipped', $4, $5, $5, $6, '[]')",
        new.id.0,
        new.schedule.tenant.0,
        new.schedule.id.0,
        new.due_at,
        new.now,
        reason
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets a schedule's oldest runs.
pub(in super::super) async fn trim(tx: &mut SystemTx, schedule: ScheduleId) -> Result<(), Error> {
    sqlx::query!(
        "delete from schedule_run where state <> 'running' and id in (select id from schedule_run where schedule_id = $1 \
         order by started_at desc, id desc offset $2)",
        schedule.0,
        RUNS_KEPT
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A schedule's runs, newest first.
pub(in super::super) async fn list_runs(
    tx: &mut impl Scoped,
    schedule: ScheduleId,
) -> Result<Vec<Run>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, state, asked_by, due_at, started_at, finished_at, reason, times, steps, position from schedule_run \
         where schedule_id = $1 order by started_at desc, id desc limit $2",
        schedule.0,
        RUNS_KEPT
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    rows.into_iter().map(Run::try_from).collect()
}

/// One run.
pub(in super::super) async fn find_run(
    tx: &mut impl Scoped,
    (schedule, id): (ScheduleId, ScheduleRunId),
) -> Result<Run, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, state, asked_by, due_at, started_at, finished_at, reason, times, steps, position from schedule_run \
         where id = $1 and schedule_id = $2",
        id.0,
        schedule.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .ok_or(Error::NotFound)?
        .try_into()
}

/// What came of a run's steps.
pub(in super::super) async fn run_steps(
    tx: &mut impl Scoped,
    run: ScheduleRunId,
) -> Result<Vec<RunStep>, Error> {
    let rows = sqlx::query!(
        "select position, state, started_at, finished_at, operation_id, exit_code, output, is_cut, note \
         from schedule_run_step where run_id = $1 order by position",
        run.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| RunStep {
        position: usize::try_from(row.position).unwrap_or_default(),
        state: StepState::read(&row.state),
        started_at: row.started_at,
        finished_at: row.finished_at,
        operation: row.operation_id.map(OperationId),
        exit_code: row.exit_code,
        output: row.output,
        is_cut: row.is_cut,
        note: row.note,
    });
    Ok(rows.collect())
}

/// The newest run of each of a server's schedules: state and when it began.
pub(in super::super) async fn latest(
    tx: &mut impl Scoped,
    server: ServerId,
) -> Result<Vec<(ScheduleId, RunState, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        r#"select s.id as "id!", r.state as "state!", coalesce(r.finished_at, r.started_at) as "at!" from schedule s
           cross join lateral (select state, started_at, finished_at from schedule_run r where r.schedule_id = s.id
                               order by started_at desc, id desc limit 1) r
           where s.server_id = $1"#,
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| (ScheduleId(row.id), RunState::read(&row.state), row.at))
        .collect())
}
