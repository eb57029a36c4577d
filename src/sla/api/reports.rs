//! Months of all tenants, for programs of staff.

use axum::extract::State;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::files::Binary;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Json, ListOut, Path, Query};

use super::super::actions::{self, Verdict};
use super::super::model::Month;
use super::super::pages::reports::{MonthQuery, listing};
use super::super::pages::{self, Shown};
use super::super::store::TenantMonth;
use super::tenant::MonthOut;

/// A tenant's month in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlaTenantMonth)]
pub(in super::super) struct TenantMonthOut {
    /// The tenant.
    tenant: TenantId,
    /// What they are called.
    tenant_name: String,
    /// The policy.
    policy: String,
    /// Whether anything that was promised was not kept; null while the report is not final.
    missed: Option<bool>,
    /// How available servers were, in percent; null while the report is not final, or without servers.
    availability: Option<String>,
    /// What the terms give back, in percent of the month's price; null while the report is not final.
    credit: Option<i16>,
    /// `approved` or `refused`, once that was decided.
    decision: Option<String>,
}

impl From<TenantMonth> for TenantMonthOut {
    fn from(one: TenantMonth) -> Self {
        let (missed, credit, decision) = match one.frozen {
            Some((missed, credit, decision)) => (Some(missed), Some(credit), decision),
            None => (None, None, None),
        };
        Self {
            tenant: one.tenant,
            tenant_name: one.name,
            policy: one.policy,
            missed,
            availability: one.availability,
            credit,
            decision,
        }
    }
}

/// What is decided about a credit.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(in super::super) struct SlaDecisionIn {
    /// Whether it is given.
    verdict: Verdict,
    /// Why; the tenant reads it.
    #[schema(min_length = 1, max_length = 500)]
    reason: String,
}

/// List the SLA reports of a month
///
/// Of all tenants to whom something is promised, by name. `q` is found in the name; `missed=true` leaves those to whom something was
/// not kept.
#[utoipa::path(get, path = "/api/v1/staff/sla/reports", tag = "staff sla", params(MonthQuery),
    responses((status = 200, description = "A page of them", body = ListOut<TenantMonthOut>)))]
pub(in super::super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    Query(query): Query<MonthQuery>,
) -> Result<Response, Error> {
    let (_, listing) = listing(&app, &scope, &query).await?;
    Ok(listing.map(TenantMonthOut::from).json(&query))
}

/// Show a tenant's SLA report of a month
#[utoipa::path(get, path = "/api/v1/staff/sla/tenants/{tenant}/{month}", tag = "staff sla",
    params(("tenant" = TenantId, Path), ("month" = String, Path)),
    responses((status = 200, description = "The report", body = MonthOut)))]
pub(in super::super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, month)): Path<(TenantId, Month)>,
) -> Result<Json<MonthOut>, Error> {
    let shown = pages::shown(&app, &mut scope.begin().await?, tenant, month).await?;
    Ok(Json(shown.into()))
}

/// Download a tenant's SLA report of a month as a table
///
/// One line for the month, and one for each time of a policy, server, outage and ticket.
#[utoipa::path(get, path = "/api/v1/staff/sla/tenants/{tenant}/{month}/report.csv", tag = "staff sla",
    params(("tenant" = TenantId, Path), ("month" = String, Path)),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")))]
pub(in super::super) async fn csv(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, month)): Path<(TenantId, Month)>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    pages::shown(&app, &mut tx, tenant, month).await?.csv()
}

/// Download a tenant's SLA report of a month to print
#[utoipa::path(get, path = "/api/v1/staff/sla/tenants/{tenant}/{month}/report.pdf", tag = "staff sla",
    params(("tenant" = TenantId, Path), ("month" = String, Path)),
    responses((status = 200, description = "The PDF", body = Binary, content_type = "application/pdf")))]
pub(in super::super) async fn pdf(
    State(app): State<App>,
    scope: StaffScope,
    Path((tenant, month)): Path<(TenantId, Month)>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    Ok(pages::shown(&app, &mut tx, tenant, month).await?.pdf())
}

/// Decide about a month's credit
///
/// Once, and when the month is over.
#[utoipa::path(post, path = "/api/v1/staff/sla/tenants/{tenant}/{month}/credit", tag = "staff sla",
    params(("tenant" = TenantId, Path), ("month" = String, Path)), request_body = SlaDecisionIn,
    responses((status = 200, description = "The report", body = MonthOut)))]
pub(in super::super) async fn decide(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(TenantId, Month)>,
    Json(body): Json<SlaDecisionIn>,
) -> Result<Json<MonthOut>, Error> {
    let kept = actions::decide(&app, &scope, place, body.verdict, &body.reason).await?;
    Ok(Json(Shown::from(kept).into()))
}
