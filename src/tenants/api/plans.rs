//! Plans, for staff.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::PlanId;
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Tagged};

use super::super::model::{LimitsIn, NewPlan, Plan, PlanPatch};
use super::super::{actions, query, store};
use super::created;
use super::outs::PlanOut;

type One = Result<Tagged<Json<PlanOut>>, Error>;

/// A plan to be created.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NewPlanIn {
    /// Its name.
    #[schema(min_length = 1, max_length = 80, example = "Starter")]
    name: String,
    /// What it is for.
    #[schema(max_length = 500)]
    #[serde(default)]
    description: String,
    /// What it allows.
    limits: LimitsIn,
}

/// What changes about a plan; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct PlanPatchIn {
    /// The new name.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// The new description.
    #[schema(max_length = 500)]
    description: Option<String>,
    /// The new limits, all of them.
    limits: Option<LimitsIn>,
}

fn answer(plan: Plan) -> Tagged<Json<PlanOut>> {
    Tagged(plan.version, Json(plan.into()))
}

/// List plans
///
/// By name.
#[utoipa::path(get, path = "/api/v1/staff/plans", tag = "staff plans", params(ListQuery),
    responses((status = 200, description = "A page of the plans", body = ListOut<PlanOut>)))]
pub(crate) async fn list(scope: StaffScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    Ok(query::plans(&mut tx, &query)
        .await?
        .map(PlanOut::from)
        .json(&query))
}

/// Create a plan
#[utoipa::path(post, path = "/api/v1/staff/plans", tag = "staff plans", request_body = NewPlanIn,
    responses((status = 201, description = "The plan", body = PlanOut)))]
pub(crate) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<NewPlanIn>,
) -> Result<Response, Error> {
    let new = NewPlan::parse(&new.name, &new.description, new.limits.amounts().checked())?;
    let plan = actions::create_plan(&app, &scope, new).await?;
    let path = format!("/api/v1/staff/plans/{}", plan.id);
    Ok(created(&path, plan.version, PlanOut::from(plan)))
}

/// Show a plan
#[utoipa::path(get, path = "/api/v1/staff/plans/{plan}", tag = "staff plans", params(("plan" = PlanId, Path)),
    responses((status = 200, description = "The plan", body = PlanOut)))]
pub(crate) async fn show(scope: StaffScope, Path(id): Path<PlanId>) -> One {
    let mut tx = scope.begin().await?;
    Ok(answer(store::find_plan(&mut tx, id).await?))
}

/// Change a plan
///
/// It changes for all its tenants. A limit below what a tenant uses takes nothing away; only creating more is refused.
#[utoipa::path(patch, path = "/api/v1/staff/plans/{plan}", tag = "staff plans",
    params(("plan" = PlanId, Path)), request_body = PlanPatchIn,
    responses((status = 200, description = "The plan", body = PlanOut)))]
pub(crate) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<PlanId>,
    if_match: IfMatch,
    Json(patch): Json<PlanPatchIn>,
) -> One {
    let limits = patch.limits.map(|limits| limits.amounts().checked());
    let keeps_networks = patch.limits.is_some_and(|limits| limits.leaves_networks());
    let patch = PlanPatch {
        keeps_networks,
        ..PlanPatch::parse(patch.name.as_deref(), patch.description.as_deref(), limits)?
    };
    let check = |version| if_match.check(version);
    Ok(answer(
        actions::update_plan(&app, &scope, id, patch, &check).await?,
    ))
}

/// Archive a plan
///
/// It takes no new tenants; those that have it keep it.
#[utoipa::path(post, path = "/api/v1/staff/plans/{plan}/archive", tag = "staff plans",
    params(("plan" = PlanId, Path)),
    responses((status = 200, description = "The plan", body = PlanOut)))]
pub(crate) async fn archive(State(app): State<App>, scope: StaffScope, Path(id): Path<PlanId>) -> One {
    Ok(answer(actions::archive(&app, &scope, id, true).await?))
}

/// Restore an archived plan
///
/// It takes new tenants again.
#[utoipa::path(post, path = "/api/v1/staff/plans/{plan}/restore", tag = "staff plans",
    params(("plan" = PlanId, Path)),
    responses((status = 200, description = "The plan", body = PlanOut)))]
pub(crate) async fn restore(State(app): State<App>, scope: StaffScope, Path(id): Path<PlanId>) -> One {
    Ok(answer(actions::archive(&app, &scope, id, false).await?))
}
