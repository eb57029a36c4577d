//! How much mail plans allow, for programs of staff.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::PlanId;
use crate::platform::web::{IfMatch, Json, Path, Tagged};

use super::actions;
use super::model::{Limits, WhenSuspended};
use super::store::{self, Kept};

/// How much mail a plan allows a tenant.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PlanMail)]
pub(super) struct PlanMailBody {
    /// Domains.
    #[schema(minimum = 0, maximum = 10_000, example = 5)]
    max_domains: i32,
    /// Mailboxes.
    #[schema(minimum = 0, maximum = 10_000_000, example = 50)]
    max_mailboxes: i32,
    /// Aliases, groups and catch-alls.
    #[schema(minimum = 0, maximum = 10_000_000, example = 500)]
    max_aliases: i32,
    /// What all its mailboxes may hold together, in MiB.
    #[schema(minimum = 0, maximum = 1_073_741_824, example = 10_240)]
    max_mail_mib: i64,
    /// Recipients that all its mailboxes may send to in an hour.
    #[schema(minimum = 0, maximum = 10_000_000, example = 2_000)]
    hourly_limit: i32,
    /// What becomes of mail to it while it is suspended.
    when_suspended: WhenSuspended,
}

fn answer(kept: Kept) -> Tagged<Json<PlanMailBody>> {
    let limits = kept.limits;
    Tagged(
        kept.version,
        Json(PlanMailBody {
            max_domains: limits.max_domains,
            max_mailboxes: limits.max_mailboxes,
            max_aliases: limits.max_aliases,
            max_mail_mib: limits.max_mail_mib,
            hourly_limit: limits.hourly_limit,
            when_suspended: limits.when_suspended,
        }),
    )
}

/// Show how much mail a plan allows
#[utoipa::path(get, path = "/api/v1/staff/plans/{plan}/mail", tag = "staff mail", params(("plan" = PlanId, Path)),
    responses((status = 200, description = "What it allows", body = PlanMailBody)))]
pub(super) async fn show(
    scope: StaffScope,
    Path(plan): Path<PlanId>,
) -> Result<Tagged<Json<PlanMailBody>>, Error> {
    Ok(answer(store::find(&mut scope.begin().await?, plan).await?))
}

/// Say how much mail a plan allows
///
/// Holds at once for all tenants of the plan. A limit below what a tenant has takes nothing away; only more is refused.
#[utoipa::path(put, path = "/api/v1/staff/plans/{plan}/mail", tag = "staff mail", params(("plan" = PlanId, Path)),
    request_body = PlanMailBody, responses((status = 200, description = "What it allows", body = PlanMailBody)))]
pub(super) async fn set(
    State(app): State<App>,
    scope: StaffScope,
    Path(plan): Path<PlanId>,
    if_match: IfMatch,
    Json(body): Json<PlanMailBody>,
) -> Result<Tagged<Json<PlanMailBody>>, Error> {
    let new = Limits {
        max_domains: body.max_domains,
        max_mailboxes: body.max_mailboxes,
        max_aliases: body.max_aliases,
        max_mail_mib: body.max_mail_mib,
        hourly_limit: body.hourly_limit,
        when_suspended: body.when_suspended,
    };
    let new = new.checked().map_err(Error::Invalid)?;
    let expected = |version| if_match.check(version);
    actions::set(&app, &scope, plan, new, &expected).await.map(answer)
}
