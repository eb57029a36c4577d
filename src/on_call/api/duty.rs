//! Who is on duty, and what people on duty do.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{CallId, HandoverId, RotaId};
use crate::platform::web::{Json, ListOut, ListQuery, PageQuery, Path, Query};

use super::super::model::schedule;
use super::super::pages::{calls_page, notes_page};
use super::super::{actions, paging, store};
use super::outs::{CallOut, DutyOut, HandoverOut, RotaOverrideOut, ShiftOut};

/// As much as is told at once.
const MOST: TimeDelta = TimeDelta::days(92);
const USUAL: TimeDelta = TimeDelta::weeks(4);
/// As far as it is asked for.
const HORIZON: TimeDelta = TimeDelta::days(3 * 366);

/// Show who is on duty
///
/// By each rota that has somebody now. Where the list is empty, owners and admins of the staff are paged.
#[utoipa::path(get, path = "/api/v1/staff/on-call", tag = "staff on call",
    responses((status = 200, description = "Who is on duty", body = Vec<DutyOut>)))]
pub async fn on_duty(State(app): State<App>, scope: StaffScope) -> Result<Json<Vec<DutyOut>>, Error> {
    let duties = paging::on_duty(&mut scope.begin().await?, app.now()).await?;
    Ok(Json(duties.into_iter().map(DutyOut::from).collect()))
}

/// Which shifts.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ShiftQuery {
    /// From when on; now, if nothing is said.
    from: Option<DateTime<Utc>>,
    /// Until when, at most 92 days later; four weeks, if nothing is said.
    to: Option<DateTime<Utc>>,
}

/// List a rota's shifts
///
/// They cover the time without gap; what nobody is on duty for has no person.
#[utoipa::path(get, path = "/api/v1/staff/on-call/rotas/{rota}/shifts", tag = "staff on call",
    params(("rota" = RotaId, Path), ShiftQuery),
    responses((status = 200, description = "The shifts, in order", body = Vec<ShiftOut>)))]
pub async fn shifts(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
    Query(query): Query<ShiftQuery>,
) -> Result<Json<Vec<ShiftOut>>, Error> {
    let now = app.now();
    let from = query.from.unwrap_or(now);
    if (from - now).abs() > HORIZON {
        return Err(Error::invalid("from", "Use a time within three years of now."));
    }
    let to = query.to.unwrap_or(from + USUAL);
    if to <= from || to - from > MOST {
        return Err(Error::invalid(
            "to",
            "Use a time after `from`, at most 92 days later.",
        ));
    }
    let rota = store::rota(&mut scope.begin().await?, id, from.min(now)).await?;
    Ok(Json(
        schedule(&rota, from, to)
            .into_iter()
            .map(ShiftOut::from)
            .collect(),
    ))
}

/// Take over
///
/// Whoever asks is on duty by this rota until its next hand-over.
#[utoipa::path(post, path = "/api/v1/staff/on-call/rotas/{rota}/take-over", tag = "staff on call", params(("rota" = RotaId, Path)),
    responses((status = 201, description = "The override", body = RotaOverrideOut)))]
pub async fn take_over(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
) -> Result<Response, Error> {
    let one = actions::take_over(&app, &scope, id).await?;
    Ok((StatusCode::CREATED, Json(RotaOverrideOut::from(&one))).into_response())
}

/// List pages to people
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/staff/on-call/calls", tag = "staff on call", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<CallOut>)))]
pub async fn calls(scope: StaffScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = calls_page(&scope, &query).await?;
    Ok(listing.map(CallOut::from).json(&query))
}

/// Acknowledge a page
///
/// Its ticket is acknowledged by whoever asks, and nobody else is paged. One that is over stays as it is.
#[utoipa::path(post, path = "/api/v1/staff/on-call/calls/{call}/acknowledge", tag = "staff on call", params(("call" = CallId, Path)),
    responses((status = 200, description = "The page", body = CallOut)))]
pub async fn acknowledge(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CallId>,
) -> Result<Json<CallOut>, Error> {
    Ok(Json(actions::acknowledge(&app, &scope, id).await?.into()))
}

/// List hand-over notes
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/staff/on-call/handovers", tag = "staff on call", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<HandoverOut>)))]
pub async fn handovers(scope: StaffScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = notes_page(&scope, &query).await?;
    Ok(listing.map(HandoverOut::from).json(&query))
}

/// A note to be written.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct HandoverIn {
    /// Of which rota.
    rota: RotaId,
    /// What the next shift has to know.
    #[schema(min_length = 1, max_length = 20000)]
    body: String,
}

/// Hand over
///
/// The note is shown to whoever comes next until somebody says that they have read it.
#[utoipa::path(post, path = "/api/v1/staff/on-call/handovers", tag = "staff on call", request_body = HandoverIn,
    responses((status = 201, description = "The note", body = HandoverOut)))]
pub async fn hand_over(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<HandoverIn>,
) -> Result<Response, Error> {
    let note = actions::hand_over(&app, &scope, new.rota, &new.body).await?;
    Ok((StatusCode::CREATED, Json(HandoverOut::from(note))).into_response())
}

/// Say that a note was read
#[utoipa::path(post, path = "/api/v1/staff/on-call/handovers/{handover}/seen", tag = "staff on call",
    params(("handover" = HandoverId, Path)), responses((status = 200, description = "The note", body = HandoverOut)))]
pub async fn see(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<HandoverId>,
) -> Result<Json<HandoverOut>, Error> {
    Ok(Json(actions::see_handover(&app, &scope, id).await?.into()))
}
