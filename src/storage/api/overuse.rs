//! What plans do about overuse, for programs of staff.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::PlanId;
use crate::platform::web::{IfMatch, Json, Path, Tagged};

use super::super::actions;
use super::super::model::{Overuse, Policy};
use super::super::store::{self, Kept};

/// What a plan does when a tenant uses more disk than it allows.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Overuse)]
pub(in super::super) struct OveruseBody {
    policy: Policy,
    /// For how many days a tenant may be over before it is suspended.
    #[schema(minimum = 1, maximum = 90, example = 7)]
    grace_days: i32,
}

fn answer(kept: Kept) -> Tagged<Json<OveruseBody>> {
    let Overuse { policy, grace_days } = kept.overuse;
    Tagged(kept.version, Json(OveruseBody { policy, grace_days }))
}

/// Show what a plan does about overuse
#[utoipa::path(get, path = "/api/v1/staff/plans/{plan}/overuse", tag = "staff plans", params(("plan" = PlanId, Path)),
    responses((status = 200, description = "What it does", body = OveruseBody)))]
pub(in super::super) async fn show(
    scope: StaffScope,
    Path(plan): Path<PlanId>,
) -> Result<Tagged<Json<OveruseBody>>, Error> {
    Ok(answer(
        store::find_overuse(&mut scope.begin().await?, plan).await?,
    ))
}

/// Say what a plan does about overuse
///
/// Holds at once for all tenants of the plan.
#[utoipa::path(put, path = "/api/v1/staff/plans/{plan}/overuse", tag = "staff plans", params(("plan" = PlanId, Path)),
    request_body = OveruseBody, responses((status = 200, description = "What it does", body = OveruseBody)))]
pub(in super::super) async fn set(
    State(app): State<App>,
    scope: StaffScope,
    Path(plan): Path<PlanId>,
    if_match: IfMatch,
    Json(body): Json<OveruseBody>,
) -> Result<Tagged<Json<OveruseBody>>, Error> {
    let new = checked(body.policy, body.grace_days)?;
    let expected = |version| if_match.check(version);
    actions::set_overuse(&app, &scope, plan, new, &expected)
        .await
        .map(answer)
}

/// The days of grace as they may be.
pub(in super::super) fn checked(policy: Policy, grace_days: i32) -> Result<Overuse, Error> {
    if Overuse::DAYS.contains(&grace_days) {
        Ok(Overuse { policy, grace_days })
    } else {
        Err(Error::invalid("grace_days", "Use a whole number from 1 to 90."))
    }
}
