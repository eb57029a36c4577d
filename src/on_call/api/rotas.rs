//! Rotas, overrides and holidays.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{RotaId, RotaOverrideId, UserId};
use crate::platform::web::{IfMatch, Json, Path, Tagged};

use super::super::model::{Rota, RotaIn, RotaText};
use super::super::{actions, store};
use super::outs::{HolidayOut, RotaOut, RotaOverrideOut};

fn tagged(app: &App, rota: &Rota) -> Tagged<Json<RotaOut>> {
    Tagged(rota.version, Json(RotaOut::new(rota, app.now())))
}

/// List rotas
#[utoipa::path(get, path = "/api/v1/staff/on-call/rotas", tag = "staff on call",
    responses((status = 200, description = "All of them, by name", body = Vec<RotaOut>)))]
pub async fn list(State(app): State<App>, scope: StaffScope) -> Result<Json<Vec<RotaOut>>, Error> {
    let now = app.now();
    let rotas = store::rotas(&mut scope.begin().await?, now).await?;
    Ok(Json(rotas.iter().map(|rota| RotaOut::new(rota, now)).collect()))
}

/// Make a rota
///
/// The turn that goes on is the first person's.
#[utoipa::path(post, path = "/api/v1/staff/on-call/rotas", tag = "staff on call", request_body = RotaIn,
    responses((status = 201, description = "The rota", body = RotaOut)))]
pub async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<RotaIn>,
) -> Result<Response, Error> {
    let rota = actions::create_rota(&app, &scope, &RotaText::default().with(new)).await?;
    Ok((StatusCode::CREATED, tagged(&app, &rota)).into_response())
}

/// Show a rota
#[utoipa::path(get, path = "/api/v1/staff/on-call/rotas/{rota}", tag = "staff on call", params(("rota" = RotaId, Path)),
    responses((status = 200, description = "The rota", body = RotaOut)))]
pub async fn show(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
) -> Result<Tagged<Json<RotaOut>>, Error> {
    let rota = store::rota(&mut scope.begin().await?, id, app.now()).await?;
    Ok(tagged(&app, &rota))
}

/// Change a rota
///
/// Its turns go on as they are unless their length, their day or the people change; then the turn that goes on is the first
/// person's.
#[utoipa::path(patch, path = "/api/v1/staff/on-call/rotas/{rota}", tag = "staff on call", params(("rota" = RotaId, Path)),
    request_body = RotaIn, responses((status = 200, description = "The rota", body = RotaOut)))]
pub async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
    if_match: IfMatch,
    Json(said): Json<RotaIn>,
) -> Result<Tagged<Json<RotaOut>>, Error> {
    let is_seen = |version| if_match.check(version);
    let rota = actions::change_rota(&app, &scope, id, |text| text.with(said), is_seen).await?;
    Ok(tagged(&app, &rota))
}

/// Delete a rota
///
/// One that no chain names. Its overrides and notes go with it.
#[utoipa::path(delete, path = "/api/v1/staff/on-call/rotas/{rota}", tag = "staff on call", params(("rota" = RotaId, Path)),
    responses((status = 204, description = "It is gone")))]
pub async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
) -> Result<StatusCode, Error> {
    actions::delete_rota(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A time in which somebody else is on duty, to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RotaOverrideIn {
    /// Who.
    person: UserId,
    /// From when on.
    from: DateTime<Utc>,
    /// Until when; within a year.
    to: DateTime<Utc>,
}

/// Put somebody else on duty
///
/// For a time, whatever the rota's hours are. Of several, the newest holds.
#[utoipa::path(post, path = "/api/v1/staff/on-call/rotas/{rota}/overrides", tag = "staff on call", params(("rota" = RotaId, Path)),
    request_body = RotaOverrideIn, responses((status = 201, description = "The override", body = RotaOverrideOut)))]
pub async fn add_override(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<RotaId>,
    Json(new): Json<RotaOverrideIn>,
) -> Result<Response, Error> {
    let one = actions::add_override(&app, &scope, (id, new.person), (new.from, new.to)).await?;
    Ok((StatusCode::CREATED, Json(RotaOverrideOut::from(&one))).into_response())
}

/// Take an override back
#[utoipa::path(delete, path = "/api/v1/staff/on-call/rotas/{rota}/overrides/{override}", tag = "staff on call",
    params(("rota" = RotaId, Path), ("override" = RotaOverrideId, Path)),
    responses((status = 204, description = "It is gone")))]
pub async fn remove_override(
    State(app): State<App>,
    scope: StaffScope,
    Path(ids): Path<(RotaId, RotaOverrideId)>,
) -> Result<StatusCode, Error> {
    actions::remove_override(&app, &scope, ids).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List holidays
///
/// Those that are not over.
#[utoipa::path(get, path = "/api/v1/staff/on-call/holidays", tag = "staff on call",
    responses((status = 200, description = "All of them, by their first day", body = Vec<HolidayOut>)))]
pub async fn holidays(State(app): State<App>, scope: StaffScope) -> Result<Json<Vec<HolidayOut>>, Error> {
    let all = store::holidays(&mut scope.begin().await?, app.now()).await?;
    Ok(Json(all.into_iter().map(HolidayOut::from).collect()))
}

/// Days on which somebody is away, to be written down.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = OnCallHolidayIn)]
pub struct HolidayIn {
    /// Who.
    person: UserId,
    /// The first day.
    first_on: NaiveDate,
    /// The last day; within a year.
    last_on: NaiveDate,
}

/// Write a holiday down
///
/// In rotas that skip holidays, somebody's turn goes to the next for those days.
#[utoipa::path(post, path = "/api/v1/staff/on-call/holidays", tag = "staff on call", request_body = HolidayIn,
    responses((status = 201, description = "The holiday", body = HolidayOut)))]
pub async fn add_holiday(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<HolidayIn>,
) -> Result<Response, Error> {
    let one = actions::add_holiday(&app, &scope, new.person, (new.first_on, new.last_on)).await?;
    Ok((StatusCode::CREATED, Json(HolidayOut::from(one))).into_response())
}

/// Take a holiday away
#[utoipa::path(delete, path = "/api/v1/staff/on-call/holidays/{holiday}", tag = "staff on call", params(("holiday" = Uuid, Path)),
    responses((status = 204, description = "It is gone")))]
pub async fn remove_holiday(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<Uuid>,
) -> Result<StatusCode, Error> {
    actions::remove_holiday(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}
