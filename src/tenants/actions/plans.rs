//! Creating, changing and archiving plans.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::PlanId;

use super::super::model::{NewPlan, Plan, PlanPatch};
use super::super::store;
use super::{Expected, PLAN_TOPIC, plan_target};

/// Creates a plan.
pub async fn create_plan(app: &App, scope: &StaffScope, new: NewPlan) -> Result<Plan, Error> {
    let now = app.now();
    let id = PlanId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    store::insert_plan(&mut tx, id, &new, now).await?;
    let plan = store::find_plan(&mut tx, id).await?;
    events::emit(&mut tx, None, PLAN_TOPIC, Some(id.0)).await?;
    app.audit(
        &mut tx,
        &scope.who,
        &plan_target(&plan),
        &Change::to("plan.create", shown(&plan)),
    )
    .await?;
    tx.commit().await?;
    Ok(plan)
}

/// Changes a plan for all its tenants. Limits below what a tenant uses take nothing away; they stop creation.
pub async fn update_plan(
    app: &App,
    scope: &StaffScope,
    id: PlanId,
    patch: PlanPatch,
    expected: Expected<'_>,
) -> Result<Plan, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock_plan(&mut tx, id).await?;
    expected(before.version)?;
    let limits = patch.limits_after(before.limits);
    let wanted = Plan {
        name: patch
            .name
            .map_or_else(|| before.name.clone(), |name| name.as_str().to_owned()),
        description: patch
            .description
            .map_or_else(|| before.description.clone(), |text| text.as_str().to_owned()),
        limits,
        ..before.clone()
    };
    if shown(&wanted) == shown(&before) {
        return Ok(before);
    }
    store::save_plan(&mut tx, &wanted, app.now()).await?;
    let after = store::find_plan(&mut tx, id).await?;
    events::emit(&mut tx, None, PLAN_TOPIC, Some(id.0)).await?;
    let change = Change::between("plan.update", shown(&before), shown(&after));
    app.audit(&mut tx, &scope.who, &plan_target(&after), &change)
        .await?;
    tx.commit().await?;
    Ok(after)
}

/// Closes a plan to new tenants, or opens it again. Tenants that have it keep it. Doing it twice does nothing.
pub(crate) async fn archive(
    app: &App,
    scope: &StaffScope,
    id: PlanId,
    archived: bool,
) -> Result<Plan, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock_plan(&mut tx, id).await?;
    if before.archived_at.is_some() == archived {
        return Ok(before);
    }
    store::archive_plan(&mut tx, id, archived.then_some(now), now).await?;
    let after = store::find_plan(&mut tx, id).await?;
    events::emit(&mut tx, None, PLAN_TOPIC, Some(id.0)).await?;
    let action = if archived { "plan.archive" } else { "plan.restore" };
    app.audit(&mut tx, &scope.who, &plan_target(&after), &Change::plain(action))
        .await?;
    tx.commit().await?;
    Ok(after)
}

fn shown(plan: &Plan) -> serde_json::Value {
    json!({"name": plan.name, "description": plan.description, "limits": plan.limits})
}
