//! Time for programs.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId, TicketId, TimeEntryId};
use crate::platform::web::{IfMatch, Json, Path, Tagged};
use crate::{tenants, tickets};

use super::model::{Entry, Spent, Support, parse_included};
use super::{actions, store};

/// Time that was spent on a ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimeEntryOut {
    /// Its id.
    id: TimeEntryId,
    /// How many minutes; of a correction the difference.
    minutes: i32,
    /// What was done.
    what: String,
    /// Whether it burns the tenant's included time.
    billable: bool,
    /// The entry that it corrects; null for time itself.
    corrects: Option<TimeEntryId>,
    /// When it was spent.
    at: DateTime<Utc>,
    /// Who wrote it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<Entry> for TimeEntryOut {
    fn from(entry: Entry) -> Self {
        Self {
            id: entry.id,
            minutes: entry.minutes,
            what: entry.what,
            billable: entry.is_billable,
            corrects: entry.corrects,
            at: entry.at,
            created_by: entry.created_by,
            created_at: entry.created_at,
        }
    }
}

/// Time that was spent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeEntryIn {
    /// How many minutes.
    #[schema(minimum = 1, maximum = 6000, example = 25)]
    minutes: i32,
    /// What was done.
    #[schema(min_length = 1, max_length = 500, example = "Found what filled the disk")]
    what: String,
    /// Whether it burns the tenant's included time.
    billable: bool,
}

/// What an entry should have been.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeCorrectionIn {
    /// How many minutes.
    #[schema(minimum = 0, maximum = 6000, example = 20)]
    minutes: i32,
    /// Why.
    #[schema(min_length = 1, max_length = 500, example = "Counted lunch")]
    what: String,
}

/// What a tenant has of staff's time in the month that it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct SupportTimeOut {
    /// The month, of UTC.
    #[schema(example = "2026-03")]
    month: String,
    /// How many minutes the plan includes.
    included_minutes: i64,
    /// How many were burnt.
    used_minutes: i64,
    /// What is left; below zero what was spent beyond it.
    left_minutes: i64,
}

impl From<Support> for SupportTimeOut {
    fn from(support: Support) -> Self {
        Self {
            month: support.month.format("%Y-%m").to_string(),
            included_minutes: support.included,
            used_minutes: support.used,
            left_minutes: support.left(),
        }
    }
}

/// How much of staff's time a plan includes.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PlanSupport {
    /// Minutes a month.
    #[schema(minimum = 0, maximum = 1_000_000, example = 60)]
    included_minutes: i32,
}

/// List the time spent on a ticket
#[utoipa::path(get, path = "/api/v1/staff/tickets/{ticket}/time", tag = "staff tickets", params(("ticket" = TicketId, Path)),
    responses((status = 200, description = "The entries, the oldest first", body = Vec<TimeEntryOut>)))]
pub(super) async fn list(
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
) -> Result<Json<Vec<TimeEntryOut>>, Error> {
    let mut tx = scope.begin().await?;
    tickets::find(&mut tx, ticket).await?;
    let all = store::list(&mut tx, ticket).await?;
    Ok(Json(all.into_iter().map(TimeEntryOut::from).collect()))
}

/// Add time to a ticket
///
/// It stays: what is wrong is corrected by another entry.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/time", tag = "staff tickets", params(("ticket" = TicketId, Path)),
    request_body = TimeEntryIn, responses((status = 201, description = "The entry", body = TimeEntryOut)))]
pub(super) async fn add(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    Json(new): Json<TimeEntryIn>,
) -> Result<(StatusCode, Json<TimeEntryOut>), Error> {
    let spent = Spent::parse(&new.minutes.to_string(), &new.what, false);
    let new = actions::add(&app, &scope, ticket, spent, new.billable).await?;
    Ok((StatusCode::CREATED, Json(new.into())))
}

/// Correct time
///
/// Adds the difference, in the month of what it corrects.
#[utoipa::path(post, path = "/api/v1/staff/tickets/{ticket}/time/{entry}/correct", tag = "staff tickets",
    params(("ticket" = TicketId, Path), ("entry" = TimeEntryId, Path)), request_body = TimeCorrectionIn,
    responses((status = 201, description = "The correction", body = TimeEntryOut)))]
pub(super) async fn correct(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(TicketId, TimeEntryId)>,
    Json(wanted): Json<TimeCorrectionIn>,
) -> Result<(StatusCode, Json<TimeEntryOut>), Error> {
    let wanted = Spent::parse(&wanted.minutes.to_string(), &wanted.what, true);
    let new = actions::correct(&app, &scope, place, wanted).await?;
    Ok((StatusCode::CREATED, Json(new.into())))
}

/// Show how much of staff's time is left
///
/// Of this month, as the plan includes it.
#[utoipa::path(get, path = "/api/v1/support-time", tag = "tickets",
    responses((status = 200, description = "What was burnt and what is left", body = SupportTimeOut)))]
pub(super) async fn own(State(app): State<App>, scope: TenantScope) -> Result<Json<SupportTimeOut>, Error> {
    let support = actions::support(&app, &mut scope.begin().await?, scope.tenant()).await?;
    Ok(Json(support.into()))
}

/// Show how much of staff's time a tenant has left
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/support-time", tag = "staff tickets",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "What was burnt and what is left", body = SupportTimeOut)))]
pub(super) async fn of_tenant(
    State(app): State<App>,
    scope: StaffScope,
    Path(tenant): Path<TenantId>,
) -> Result<Json<SupportTimeOut>, Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, tenant).await?;
    let support = actions::support(&app, &mut tx, tenant).await?;
    Ok(Json(support.into()))
}

fn tagged((included_minutes, version): (i32, i64)) -> Tagged<Json<PlanSupport>> {
    Tagged(version, Json(PlanSupport { included_minutes }))
}

/// Show how much of staff's time a plan includes
#[utoipa::path(get, path = "/api/v1/staff/plans/{plan}/support", tag = "staff tickets", params(("plan" = PlanId, Path)),
    responses((status = 200, description = "What it includes", body = PlanSupport)))]
pub(super) async fn plan(
    scope: StaffScope,
    Path(plan): Path<PlanId>,
) -> Result<Tagged<Json<PlanSupport>>, Error> {
    Ok(tagged(store::plan(&mut scope.begin().await?, plan).await?))
}

/// Say how much of staff's time a plan includes
#[utoipa::path(put, path = "/api/v1/staff/plans/{plan}/support", tag = "staff tickets", params(("plan" = PlanId, Path)),
    request_body = PlanSupport, responses((status = 200, description = "What it includes", body = PlanSupport)))]
pub(super) async fn set_plan(
    State(app): State<App>,
    scope: StaffScope,
    Path(plan): Path<PlanId>,
    if_match: IfMatch,
    Json(body): Json<PlanSupport>,
) -> Result<Tagged<Json<PlanSupport>>, Error> {
    let minutes = parse_included(&body.included_minutes.to_string());
    let seen = |version| if_match.check(version);
    Ok(tagged(
        actions::set_plan(&app, &scope, plan, minutes, seen).await?,
    ))
}
