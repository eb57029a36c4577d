//! What falls due becomes a run, or a line that says why not; what a dead panel left is taken up.

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::ScheduleRunId;
use crate::platform::{events, fault};

use super::super::actions::{TOPIC, expression};
use super::super::model::{Due, RunState, RunStep, StepState, due};
use super::super::store::{self, Fired, Lost, NewRun};
use super::missed::tell_missed;

const SUSPENDED: &str = "The organisation is not active, so nothing was run.";
const DELETING: &str = "The server is being deleted.";
const BUSY: &str = "The run before it had not ended.";
const MISSED: &str = "Berth was not running at that time, and noticed too late to make up for it.";
const CUT_OFF: &str = "Berth was stopped in the middle of step";

/// Begins the runs that are due. Harmless when repeated: the next time is written with each.
pub(super) async fn fire(app: &App, scope: &SystemScope, limit: i64) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let found = store::due(&mut tx, app.now(), limit).await?;
    if found.is_empty() {
        return Ok(());
    }
    for fired in found {
        one(app, &mut tx, &fired).await?;
    }
    tx.commit().await?;
    fault::point("schedules.fired");
    Ok(())
}

async fn one(app: &App, tx: &mut SystemTx, fired: &Fired) -> Result<(), Error> {
    let now = app.now();
    let schedule = &fired.schedule;
    let (expression, zone) = (expression(schedule)?, store::zone(tx, schedule.tenant).await?);
    store::set_next(tx, schedule.id, expression.next(zone, now)).await?;
    let (due_at, missed) = match due(&expression, zone, fired.due_at, now) {
        Due::Run(at) => (at, None),
        Due::Missed(at) => (at, Some(MISSED)),
    };
    let new = NewRun {
        id: ScheduleRunId::new(&*app.ids, now),
        schedule,
        asked_by: None,
        due_at,
        now,
    };
    let refusal = if !fired.is_tenant_active {
        Some(SUSPENDED)
    } else if fired.is_deleting {
        Some(DELETING)
    } else {
        missed
    };
    let refusal = match refusal {
        Some(reason) => Some(reason),
        None => (!store::add_run(tx, &new).await?).then_some(BUSY),
    };
    if let Some(reason) = refusal {
        store::skip(tx, &new, reason).await?;
        if fired.is_tenant_active {
            let name = (schedule.id, schedule.name.as_str());
            let told = (schedule.steps.as_slice(), due_at);
            tell_missed(app, tx, (schedule.server, schedule.tenant), name, told).await?;
        }
    }
    store::trim(tx, schedule.id).await?;
    events::emit(tx, Some(schedule.tenant), TOPIC, Some(schedule.id.0)).await
}

/// Takes up the runs whose process died: those that only waited go on, those whose command's end nobody knows are over.
pub(super) async fn take_up_lost(app: &App, scope: &SystemScope) -> Result<(), Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let found = store::lost(&mut tx, now).await?;
    if found.is_empty() {
        return Ok(());
    }
    for lost in found {
        if lost.is_in_doubt {
            interrupt(app, &mut tx, &lost).await?;
        } else {
            store::put_back(&mut tx, lost.claimed, now).await?;
        }
        events::emit(&mut tx, Some(lost.tenant), TOPIC, Some(lost.claimed.schedule.0)).await?;
    }
    tx.commit().await
}

async fn interrupt(app: &App, tx: &mut SystemTx, lost: &Lost) -> Result<(), Error> {
    let now = app.now();
    let step = RunStep {
        position: usize::try_from(lost.position).unwrap_or_default(),
        state: StepState::Interrupted,
        started_at: now,
        finished_at: Some(now),
        operation: None,
        exit_code: None,
        output: String::new(),
        is_cut: false,
        note: Some("It may have been done, or not, or by halves.".to_owned()),
    };
    let reason = format!("{CUT_OFF} {}.", step.position + 1);
    store::end_step(tx, lost.claimed, &step).await?;
    store::end_run(tx, lost.claimed, (RunState::Interrupted, Some(&reason)), now).await?;
    // The step in doubt may have come before the one that backs up.
    let subject = store::subject(tx, lost.claimed.schedule).await?;
    match subject {
        Some(subject) => {
            let name = (lost.claimed.schedule, subject.schedule_name.as_str());
            let told = (lost.steps.as_slice(), lost.due_at);
            tell_missed(app, tx, (subject.server, lost.tenant), name, told).await
        }
        None => Ok(()),
    }
}
