//! What people do with schedules: each one transaction with its event and audit. Nothing runs here: a run is a row that the
//! [runner](super::runner) finds.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Permission, StaffScope, TenantScope, Who};
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::{ScheduleId, ScheduleRunId, ServerId, TenantId};
use crate::servers::{self, model::Server};
use crate::tenants;

use super::model::{Expression, MAX_SCHEDULES, Run, Schedule, ScheduleText, Step, StepText, Task, Zone};
use super::store::{self, NewRun};

/// Events about a schedule have this topic.
pub(super) const TOPIC: &str = "schedule";
const KIND: &str = "schedule";

/// A schedule by its address.
pub(super) type Place = (ServerId, ScheduleId);

/// What changes about a schedule; what is absent stays.
#[derive(Debug, Clone, Default)]
pub(super) struct ScheduleChange {
    pub(super) name: Option<String>,
    pub(super) cron: Option<String>,
    pub(super) steps: Option<Vec<StepText>>,
    pub(super) paused: Option<bool>,
}

fn target(schedule: &Schedule) -> Target<'_> {
    Target {
        kind: KIND,
        id: Some(schedule.id.0),
        label: &schedule.name,
        tenant: Some(schedule.tenant),
    }
}

/// What audit events tell of a schedule.
fn shown(schedule: &Schedule) -> Value {
    json!({
        "name": schedule.name,
        "server": schedule.server.to_string(),
        "cron": schedule.cron,
        "paused": schedule.is_paused,
        "steps": schedule.steps.iter().map(Step::title).collect::<Vec<_>>(),
    })
}

/// Whether who asks may tell the server themselves what the steps tell it.
fn may_tell(scope: &TenantScope, steps: &[Step]) -> Result<(), Error> {
    let mut needed = steps.iter().map(|step| match step.task {
        Task::Power { .. } => Permission::ServerPower,
        Task::Snapshot { .. } | Task::StackSnapshot { .. } => Permission::SnapshotWrite,
        Task::Backup { .. } | Task::StackBackup { .. } => Permission::BackupWrite,
        Task::Command { .. } => Permission::ServerConsole,
    });
    // A guest has the one server, and sees nothing of its stack.
    let is_out_of_reach = scope.guest_of().is_some() && steps.iter().any(|step| step.task.is_of_stack());
    if needed.all(|permission| scope.may(permission)) && !is_out_of_reach {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// Refuses steps that are done to a stack where there is none.
fn check_place(server: &Server, steps: &[Step]) -> Result<(), FieldErrors> {
    let mut errors = FieldErrors::default();
    for (place, step) in steps.iter().enumerate() {
        if step.task.is_of_stack() && server.in_stack().is_err() {
            let message = "This is for servers that are parts of a stack. Choose something else.";
            errors.add(&format!("steps.{place}.kind"), message);
        }
    }
    errors.into_result()
}

async fn tell(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    schedule: &Schedule,
    change: &Change,
) -> Result<(), Error> {
    events::emit(tx, Some(schedule.tenant), TOPIC, Some(schedule.id.0)).await?;
    app.audit(tx, who, &target(schedule), change).await
}

/// Makes a schedule.
pub(super) async fn create(
    app: &App,
    scope: &TenantScope,
    server: ServerId,
    (text, is_paused): (&ScheduleText, bool),
) -> Result<Schedule, Error> {
    let new = text.parse()?;
    may_tell(scope, &new.steps)?;
    let now = app.now();
    let mut tx = scope.begin().await?;
    check_place(&servers::find(&mut tx, server).await?, &new.steps)?;
    store::lock_server(&mut tx, server).await?;
    if store::count(&mut tx, server).await? >= MAX_SCHEDULES {
        let message = format!("A server has at most {MAX_SCHEDULES} schedules. Delete one first.");
        return Err(Error::conflict("too-many-schedules", message));
    }
    let zone = store::zone(&mut tx, scope.tenant()).await?;
    let schedule = Schedule {
        id: ScheduleId::new(&*app.ids, now),
        tenant: scope.tenant(),
        server,
        name: new.name.as_str().to_owned(),
        cron: new.cron.as_str().to_owned(),
        is_paused,
        steps: new.steps,
        next_run: new.cron.next(zone, now).filter(|_| !is_paused),
        version: 1,
        created_by: scope.who.label.clone(),
        created_at: now,
        updated_at: now,
    };
    store::insert(&mut tx, &schedule).await?;
    let change = Change::to("schedule.create", shown(&schedule));
    tell(app, &mut tx, &scope.who, &schedule, &change).await?;
    tx.commit().await?;
    Ok(schedule)
}

/// Changes a schedule. A run that is under way goes on as it began.
pub(super) async fn change(
    app: &App,
    scope: &TenantScope,
    place: Place,
    change: ScheduleChange,
    expected: impl Fn(i64) -> Result<(), Error>,
) -> Result<Schedule, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, place).await?;
    expected(before.version)?;
    let is_paused = change.paused.unwrap_or(before.is_paused);
    let kept = || before.steps.iter().map(StepText::from).collect();
    let text = ScheduleText {
        name: change.name.unwrap_or_else(|| before.name.clone()),
        cron: change.cron.unwrap_or_else(|| before.cron.clone()),
        steps: change.steps.unwrap_or_else(kept),
    };
    let new = text.parse()?;
    // Nor may they take away what they could not put there: a form that they can't see all of would do it without a word.
    may_tell(scope, &before.steps)?;
    may_tell(scope, &new.steps)?;
    check_place(&servers::find(&mut tx, place.0).await?, &new.steps)?;
    let cron = new.cron.as_str().to_owned();
    let next_run = match before.next_run {
        _ if is_paused => None,
        Some(next) if cron == before.cron => Some(next),
        _ => new.cron.next(store::zone(&mut tx, scope.tenant()).await?, now),
    };
    let after = Schedule {
        name: new.name.as_str().to_owned(),
        cron,
        is_paused,
        steps: new.steps,
        next_run,
        updated_at: now,
        version: before.version + 1,
        ..before.clone()
    };
    store::save(&mut tx, &after).await?;
    let change = Change::between("schedule.update", shown(&before), shown(&after));
    tell(app, &mut tx, &scope.who, &after, &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// Pauses a schedule, or resumes it: from now on, so that nothing is made up for.
pub(super) async fn set_paused(
    app: &App,
    scope: &TenantScope,
    place: Place,
    is_paused: bool,
) -> Result<Schedule, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, place).await?;
    if before.is_paused == is_paused {
        return Ok(before);
    }
    let mut next_run = None;
    if !is_paused {
        may_tell(scope, &before.steps)?;
        let zone = store::zone(&mut tx, scope.tenant()).await?;
        next_run = expression(&before)?.next(zone, now);
    }
    store::set_paused(&mut tx, before.id, (is_paused, next_run), now).await?;
    let after = store::find(&mut tx, place).await?;
    let verb = if is_paused {
        "schedule.pause"
    } else {
        "schedule.resume"
    };
    let change = Change::between(verb, shown(&before), shown(&after));
    tell(app, &mut tx, &scope.who, &after, &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// The schedule's expression, which was read when it was written.
pub(super) fn expression(schedule: &Schedule) -> Result<Expression, Error> {
    Expression::parse(&schedule.cron).map_err(Error::internal)
}

/// Deletes a schedule with its runs. A step that is under way comes to its end, the next does not begin.
pub(super) async fn delete(app: &App, scope: &TenantScope, place: Place) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let schedule = store::lock(&mut tx, place).await?;
    let change = Change {
        action: "schedule.delete",
        before: Some(shown(&schedule)),
        after: None,
    };
    // Told before it is gone: a guest may only tell of schedules of their server.
    tell(app, &mut tx, &scope.who, &schedule, &change).await?;
    store::delete(&mut tx, schedule.id).await?;
    tx.commit().await
}

/// Begins a run now, also of a schedule that is paused; when it runs next by itself stays as it is.
pub(super) async fn run_now(app: &App, scope: &TenantScope, place: Place) -> Result<Run, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let schedule = store::lock(&mut tx, place).await?;
    may_tell(scope, &schedule.steps)?;
    let new = NewRun {
        id: ScheduleRunId::new(&*app.ids, now),
        schedule: &schedule,
        asked_by: Some(&scope.who.label),
        due_at: now,
        now,
    };
    if !store::add_run(&mut tx, &new).await? {
        let message = "This schedule runs at present. Wait until it has ended.";
        return Err(Error::conflict("schedule-running", message));
    }
    let run = store::find_run(&mut tx, (schedule.id, new.id)).await?;
    let change = Change::to("schedule.run", json!({ "run": run.id.to_string() }));
    tell(app, &mut tx, &scope.who, &schedule, &change).await?;
    tx.commit().await?;
    Ok(run)
}

/// A schedule with the time zone that it is read in.
pub(super) async fn find(
    tx: &mut TenantTx,
    tenant: TenantId,
    place: Place,
) -> Result<(Schedule, Zone), Error> {
    let schedule = store::find(tx, place).await?;
    Ok((schedule, store::zone(tx, tenant).await?))
}

/// Sets the time zone of one's own tenant.
pub(super) async fn set_zone(app: &App, scope: &TenantScope, zone: &str) -> Result<Zone, Error> {
    let mut tx = scope.begin().await?;
    let zone = write_zone(app, &mut tx, &scope.who, (scope.tenant(), zone)).await?;
    tx.commit().await?;
    Ok(zone)
}

/// Sets the time zone of any tenant.
pub(super) async fn set_zone_as_staff(
    app: &App,
    scope: &StaffScope,
    tenant: TenantId,
    zone: &str,
) -> Result<Zone, Error> {
    let mut tx = scope.begin().await?;
    let zone = write_zone(app, &mut tx, &scope.who, (tenant, zone)).await?;
    tx.commit().await?;
    Ok(zone)
}

/// Writes the zone, and moves what is next: four in the morning is another moment elsewhere.
async fn write_zone(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (tenant, zone): (TenantId, &str),
) -> Result<Zone, Error> {
    let zone = Zone::parse(zone).map_err(|fault| Error::invalid("time_zone", fault.to_string()))?;
    let tenant = tenants::find_tenant(tx, tenant).await?;
    let before = store::zone(tx, tenant.id).await?;
    if before == zone {
        return Ok(zone);
    }
    let now = app.now();
    store::save_zone(tx, tenant.id, zone, now).await?;
    for (id, cron) in store::of_tenant(tx, tenant.id).await? {
        let expression = Expression::parse(&cron).map_err(Error::internal)?;
        store::set_next(tx, id, expression.next(zone, now)).await?;
        events::emit(tx, Some(tenant.id), TOPIC, Some(id.0)).await?;
    }
    let target = Target {
        kind: "tenant",
        id: Some(tenant.id.0),
        label: &tenant.name,
        tenant: Some(tenant.id),
    };
    let named = |zone: Zone| json!({ "time_zone": zone.name() });
    let change = Change::between("tenant.time_zone", named(before), named(zone));
    app.audit(tx, who, &target, &change).await?;
    Ok(zone)
}
