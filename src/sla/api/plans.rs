//! Which plan has which policy, for programs of staff.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, SlaPolicyId};
use crate::platform::web::{Json, Path};

use super::super::model::PlanSla;
use super::super::{actions, store};

/// Which policy a plan should have.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct PlanSlaIn {
    /// The policy; null to promise nothing.
    #[serde(deserialize_with = "Option::deserialize")]
    policy: Option<SlaPolicyId>,
}

/// A plan and its policy.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PlanSlaOut {
    /// The plan.
    plan: PlanId,
    /// What it is called.
    name: String,
    /// Its policy; null if nothing is promised.
    policy: Option<SlaPolicyId>,
    /// What that is called.
    policy_name: Option<String>,
    /// How many tenants have the plan, closed ones aside.
    tenants: i64,
}

impl From<PlanSla> for PlanSlaOut {
    fn from(plan: PlanSla) -> Self {
        let (policy, policy_name) = plan.policy.unzip();
        Self {
            plan: plan.plan,
            name: plan.name,
            policy,
            policy_name,
            tenants: plan.tenants,
        }
    }
}

/// The plans and their policies.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct PlanSlasOut {
    /// All plans, by name.
    items: Vec<PlanSlaOut>,
}

/// List plans with their SLAs
#[utoipa::path(get, path = "/api/v1/staff/sla/plans", tag = "staff sla",
    responses((status = 200, description = "All plans", body = PlanSlasOut)))]
pub(in super::super) async fn list(scope: StaffScope) -> Result<Json<PlanSlasOut>, Error> {
    let plans = store::plans(&mut scope.begin().await?).await?;
    let items = plans.into_iter().map(PlanSlaOut::from).collect();
    Ok(Json(PlanSlasOut { items }))
}

/// Say which SLA a plan has
///
/// A plan has one at most. It holds from now on: tickets that are open, and the time before, are judged by what held before.
#[utoipa::path(patch, path = "/api/v1/staff/sla/plans/{plan}", tag = "staff sla", params(("plan" = PlanId, Path)),
    request_body = PlanSlaIn, responses((status = 200, description = "The plan", body = PlanSlaOut)))]
pub(in super::super) async fn choose(
    State(app): State<App>,
    scope: StaffScope,
    Path(plan): Path<PlanId>,
    Json(body): Json<PlanSlaIn>,
) -> Result<Json<PlanSlaOut>, Error> {
    let plan = actions::choose(&app, &scope, plan, body.policy).await?;
    Ok(Json(plan.into()))
}
