//! Policies, and which plan has which. Each change is a new version; tickets keep the one that they were opened under.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, SlaPolicyId};
use crate::tenants;

use super::super::model::{Calendar, NewPolicy, PlanSla, Policy, Terms};
use super::super::store;
use super::{Expected, tell};

fn target(policy: &Policy) -> Target<'_> {
    Target {
        kind: "sla_policy",
        id: Some(policy.id.0),
        label: &policy.terms.name,
        tenant: None,
    }
}

fn shown(policy: &Policy) -> Value {
    json!({
        "name": policy.terms.name,
        "calendar": policy.calendar.to_string(),
        "targets": policy.terms.targets,
        "availability": policy.terms.availability,
        "credits": policy.terms.credits,
    })
}

/// The terms of a policy as it was written, with the hours of its calendar.
fn terms(new: NewPolicy, calendar: Calendar) -> Terms {
    Terms {
        name: new.name,
        hours: calendar.hours,
        targets: new.targets,
        availability: new.availability,
        credits: new.credits,
    }
}

fn unknown_calendar(error: Error) -> Error {
    match error {
        Error::NotFound => Error::invalid("calendar", "There is no such calendar. Choose another."),
        error => error,
    }
}

/// Makes one.
pub async fn create_policy(app: &App, scope: &StaffScope, new: NewPolicy) -> Result<Policy, Error> {
    let now = app.now();
    let id = SlaPolicyId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    let calendar = store::lock_calendar(&mut tx, new.calendar)
        .await
        .map_err(unknown_calendar)?;
    if calendar.archived_at.is_some() {
        return Err(Error::invalid(
            "calendar",
            "This calendar is archived. Choose another.",
        ));
    }
    store::insert_policy(&mut tx, id, (&new.name, calendar.id), now).await?;
    store::add_version(&mut tx, (id, 1), &terms(new, calendar), now).await?;
    let made = store::find_policy(&mut tx, id).await?;
    let change = Change::to("sla_policy.create", shown(&made));
    tell(app, &mut tx, scope, &target(&made), &change).await?;
    tx.commit().await?;
    Ok(made)
}

/// Changes one, for tickets that are opened from now on.
pub async fn update_policy(
    app: &App,
    scope: &StaffScope,
    id: SlaPolicyId,
    new: NewPolicy,
    expected: Expected<'_>,
) -> Result<Policy, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    // The calendar first, as whoever changes that does.
    let calendar = store::lock_calendar(&mut tx, new.calendar)
        .await
        .map_err(unknown_calendar)?;
    let before = store::lock_policy(&mut tx, id).await?;
    expected(before.version)?;
    let calendar_id = calendar.id;
    let terms = terms(new, calendar);
    if before.calendar == calendar_id && before.terms == terms {
        return Ok(before);
    }
    store::save_policy(&mut tx, (id, before.version + 1), (calendar_id, &terms), now).await?;
    let after = store::find_policy(&mut tx, id).await?;
    let change = Change::between("sla_policy.update", shown(&before), shown(&after));
    tell(app, &mut tx, scope, &target(&after), &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// Offers one no more, or again. Plans that have it keep it. Doing it twice does nothing.
pub async fn archive_policy(
    app: &App,
    scope: &StaffScope,
    id: SlaPolicyId,
    is_archived: bool,
) -> Result<Policy, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock_policy(&mut tx, id).await?;
    if before.archived_at.is_some() == is_archived {
        return Ok(before);
    }
    store::archive_policy(&mut tx, id, is_archived.then_some(now), now).await?;
    let after = store::find_policy(&mut tx, id).await?;
    let verb = if is_archived {
        "sla_policy.archive"
    } else {
        "sla_policy.restore"
    };
    tell(app, &mut tx, scope, &target(&after), &Change::plain(verb)).await?;
    tx.commit().await?;
    Ok(after)
}

/// Says which policy a plan has, or that nothing is promised. It holds from now on: what was before is judged by what held before.
pub async fn choose(
    app: &App,
    scope: &StaffScope,
    plan: PlanId,
    policy: Option<SlaPolicyId>,
) -> Result<PlanSla, Error> {
    let mut tx = scope.begin().await?;
    let name = tenants::lock_plan(&mut tx, plan).await?.name;
    let before = one(store::plans(&mut tx).await?, plan)?;
    if before.policy.as_ref().map(|(id, _)| *id) == policy {
        return Ok(before);
    }
    if let Some(id) = policy {
        let found = match store::lock_policy(&mut tx, id).await {
            Err(Error::NotFound) => {
                return Err(Error::invalid(
                    "policy",
                    "There is no such policy. Choose another.",
                ));
            }
            other => other?,
        };
        if found.archived_at.is_some() {
            return Err(Error::invalid(
                "policy",
                "This policy is archived. Choose another.",
            ));
        }
    }
    store::choose(&mut tx, plan, policy, app.now()).await?;
    let after = one(store::plans(&mut tx).await?, plan)?;
    let target = Target {
        kind: "plan",
        id: Some(plan.0),
        label: &name,
        tenant: None,
    };
    let named = |plan: &PlanSla| json!({ "policy": plan.policy.as_ref().map(|(_, name)| name) });
    let change = Change::between("plan.sla", named(&before), named(&after));
    tell(app, &mut tx, scope, &target, &change).await?;
    tx.commit().await?;
    Ok(after)
}

fn one(plans: Vec<PlanSla>, id: PlanId) -> Result<PlanSla, Error> {
    plans
        .into_iter()
        .find(|plan| plan.plan == id)
        .ok_or(Error::NotFound)
}
