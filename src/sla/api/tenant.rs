//! What is promised and kept, for programs of a tenant.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::files::Binary;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Json, ListOut, ListQuery, PageQuery, Path, Query};

use super::super::model::{Month, Report};
use super::super::pages::{self, Shown};
use super::super::store;
use super::TermsOut;

/// What is promised to a tenant.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlaPromise)]
pub(in super::super) struct PromiseOut {
    /// The terms; null if nothing is promised.
    terms: Option<TermsOut>,
}

/// A month's report and what became of it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlaMonth)]
pub(in super::super) struct MonthOut {
    /// What it says.
    report: Report,
    /// When it became final; null while the month runs.
    frozen_at: Option<DateTime<Utc>>,
    /// Whether the credit is given: true or false once that was decided, or null.
    credit_approved: Option<bool>,
    /// Why.
    credit_reason: Option<String>,
}

impl From<Shown> for MonthOut {
    fn from(shown: Shown) -> Self {
        let (credit_approved, credit_reason) = shown
            .decision
            .map(|decision| (decision.is_approved, decision.reason))
            .unzip();
        Self {
            report: shown.report,
            frozen_at: shown.frozen_at,
            credit_approved,
            credit_reason,
        }
    }
}

/// Show what is promised
#[utoipa::path(get, path = "/api/v1/sla", tag = "sla",
    responses((status = 200, description = "The terms", body = PromiseOut)))]
pub(in super::super) async fn promise(scope: TenantScope) -> Result<Json<PromiseOut>, Error> {
    let terms = store::terms_of_tenant(&mut scope.begin().await?, scope.tenant()).await?;
    Ok(Json(PromiseOut {
        terms: terms.map(TermsOut::from),
    }))
}

/// List SLA reports
///
/// Of months that are over, the newest first.
#[utoipa::path(get, path = "/api/v1/sla/reports", tag = "sla", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<MonthOut>)))]
pub(in super::super) async fn list(
    scope: TenantScope,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = pages::tenant::listing(&scope, &query).await?;
    Ok(listing.map(|kept| MonthOut::from(Shown::from(kept))).json(&query))
}

/// Show a month's SLA report
///
/// Of the month that runs, as far as it has come.
#[utoipa::path(get, path = "/api/v1/sla/reports/{month}", tag = "sla", params(("month" = String, Path)),
    responses((status = 200, description = "The report", body = MonthOut)))]
pub(in super::super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(month): Path<Month>,
) -> Result<Json<MonthOut>, Error> {
    let shown = pages::shown(&app, &mut scope.begin().await?, scope.tenant(), month).await?;
    Ok(Json(shown.into()))
}

/// Download a month's SLA report as a table
///
/// One line for the month, and one for each time of a policy, server, outage and ticket.
#[utoipa::path(get, path = "/api/v1/sla/reports/{month}/report.csv", tag = "sla", params(("month" = String, Path)),
    responses((status = 200, description = "The table", body = String, content_type = "text/csv")))]
pub(in super::super) async fn csv(
    State(app): State<App>,
    scope: TenantScope,
    Path(month): Path<Month>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    pages::shown(&app, &mut tx, scope.tenant(), month).await?.csv()
}

/// Download a month's SLA report to print
#[utoipa::path(get, path = "/api/v1/sla/reports/{month}/report.pdf", tag = "sla", params(("month" = String, Path)),
    responses((status = 200, description = "The PDF", body = Binary, content_type = "application/pdf")))]
pub(in super::super) async fn pdf(
    State(app): State<App>,
    scope: TenantScope,
    Path(month): Path<Month>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    Ok(pages::shown(&app, &mut tx, scope.tenant(), month).await?.pdf())
}
