//! A server's schedules and their runs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ScheduleRunId, ServerId};
use crate::platform::web::{IfMatch, Json, Path, Tagged};
use crate::servers;

use super::super::actions::{self, ScheduleChange};
use super::super::model::{Schedule, ScheduleText, StepText};
use super::super::store;
use super::outs::{RunDetailOut, RunOut, ScheduleOut, StepIn};

/// A schedule to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ScheduleIn {
    /// What people call it; unique on the server.
    #[schema(max_length = 63, example = "Nightly restart")]
    name: String,
    /// When: minute, hour, day of the month, month, day of the week, in the tenant's time zone.
    #[schema(max_length = 100, example = "0 4 * * *")]
    cron: String,
    /// What is done, in order.
    #[schema(min_items = 1, max_items = 10)]
    steps: Vec<StepIn>,
    /// Whether it runs by request only.
    #[serde(default)]
    paused: bool,
}

/// What changes about a schedule; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SchedulePatch {
    /// The new name.
    #[schema(max_length = 63)]
    name: Option<String>,
    /// The new expression.
    #[schema(max_length = 100)]
    cron: Option<String>,
    /// The new steps, all of them.
    #[schema(min_items = 1, max_items = 10)]
    steps: Option<Vec<StepIn>>,
    /// Whether it runs by request only.
    paused: Option<bool>,
}

type Place = Path<(ServerId, ScheduleId)>;

async fn tagged(scope: &TenantScope, schedule: Schedule) -> Result<Tagged<Json<ScheduleOut>>, Error> {
    let zone = store::zone(&mut scope.begin().await?, scope.tenant()).await?;
    Ok(Tagged(schedule.version, Json(ScheduleOut::of(schedule, zone))))
}

/// List a server's schedules
///
/// By name; there are at most 20.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/schedules", tag = "schedules",
    params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The schedules", body = Vec<ScheduleOut>)))]
pub async fn list(scope: TenantScope, Path(server): Path<ServerId>) -> Result<Json<Vec<ScheduleOut>>, Error> {
    let mut tx = scope.begin().await?;
    servers::find(&mut tx, server).await?;
    let zone = store::zone(&mut tx, scope.tenant()).await?;
    let all = store::list(&mut tx, server).await?.into_iter();
    Ok(Json(
        all.map(|schedule| ScheduleOut::of(schedule, zone)).collect(),
    ))
}

/// Create a schedule
///
/// What its steps tell the server, whoever makes it must be allowed to tell it: `servers:power` for power, `servers:console` for
/// commands, `snapshots:write` and `backups:write` for what these say. Steps of the whole stack are for servers that are parts of one.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/schedules", tag = "schedules",
    params(("server_id" = ServerId, Path)), request_body = ScheduleIn,
    responses((status = 201, description = "The schedule", body = ScheduleOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path(server): Path<ServerId>,
    Json(new): Json<ScheduleIn>,
) -> Result<Response, Error> {
    let text = ScheduleText {
        name: new.name,
        cron: new.cron,
        steps: new.steps.into_iter().map(StepText::from).collect(),
    };
    let schedule = actions::create(&app, &scope, server, (&text, new.paused)).await?;
    Ok((StatusCode::CREATED, tagged(&scope, schedule).await?).into_response())
}

/// Show a schedule
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/schedules/{schedule}", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path)),
    responses((status = 200, description = "The schedule", body = ScheduleOut)))]
pub async fn show(scope: TenantScope, Path(place): Place) -> Result<Tagged<Json<ScheduleOut>>, Error> {
    let schedule = store::find(&mut scope.begin().await?, place).await?;
    tagged(&scope, schedule).await
}

/// Change a schedule
///
/// A run that is under way goes on as it began.
#[utoipa::path(patch, path = "/api/v1/servers/{server_id}/schedules/{schedule}", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path)), request_body = SchedulePatch,
    responses((status = 200, description = "The schedule", body = ScheduleOut)))]
pub async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(place): Place,
    if_match: IfMatch,
    Json(patch): Json<SchedulePatch>,
) -> Result<Tagged<Json<ScheduleOut>>, Error> {
    let change = ScheduleChange {
        name: patch.name,
        cron: patch.cron,
        steps: patch
            .steps
            .map(|steps| steps.into_iter().map(StepText::from).collect()),
        paused: patch.paused,
    };
    let schedule = actions::change(&app, &scope, place, change, |version| if_match.check(version)).await?;
    tagged(&scope, schedule).await
}

/// Delete a schedule
///
/// With its runs.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/schedules/{schedule}", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path)),
    responses((status = 204, description = "It is gone")))]
pub async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path(place): Place,
) -> Result<StatusCode, Error> {
    actions::delete(&app, &scope, place).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Pause a schedule
///
/// It then runs by request only.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/schedules/{schedule}/pause", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path)),
    responses((status = 200, description = "The schedule", body = ScheduleOut)))]
pub async fn pause(
    State(app): State<App>,
    scope: TenantScope,
    Path(place): Place,
) -> Result<Tagged<Json<ScheduleOut>>, Error> {
    let schedule = actions::set_paused(&app, &scope, place, true).await?;
    tagged(&scope, schedule).await
}

/// Resume a schedule
///
/// From now on: what it did not run for meanwhile is not made up for.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/schedules/{schedule}/resume", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path)),
    responses((status = 200, description = "The schedule", body = ScheduleOut)))]
pub async fn resume(
    State(app): State<App>,
    scope: TenantScope,
    Path(place): Place,
) -> Result<Tagged<Json<ScheduleOut>>, Error> {
    let schedule = actions::set_paused(&app, &scope, place, false).await?;
    tagged(&scope, schedule).await
}

/// Run a schedule now
///
/// Also one that is paused. When it runs next by itself stays as it is.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/schedules/{schedule}/run", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path)),
    responses((status = 202, description = "The run, which begins", body = RunOut)))]
pub async fn run(State(app): State<App>, scope: TenantScope, Path(place): Place) -> Result<Response, Error> {
    let run = actions::run_now(&app, &scope, place).await?;
    Ok((StatusCode::ACCEPTED, Json(RunOut::from(&run))).into_response())
}

/// List a schedule's runs
///
/// Newest first; the last 50 are kept.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/schedules/{schedule}/runs", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path)),
    responses((status = 200, description = "The runs", body = Vec<RunOut>)))]
pub async fn runs(scope: TenantScope, Path(place): Place) -> Result<Json<Vec<RunOut>>, Error> {
    let mut tx = scope.begin().await?;
    let schedule = store::find(&mut tx, place).await?;
    let runs = store::list_runs(&mut tx, schedule.id).await?;
    Ok(Json(runs.iter().map(RunOut::from).collect()))
}

/// Show a run
///
/// With what came of each step, and what it printed.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/schedules/{schedule}/runs/{run}", tag = "schedules",
    params(("server_id" = ServerId, Path), ("schedule" = ScheduleId, Path), ("run" = ScheduleRunId, Path)),
    responses((status = 200, description = "The run", body = RunDetailOut)))]
pub async fn show_run(
    scope: TenantScope,
    Path((server, id, run)): Path<(ServerId, ScheduleId, ScheduleRunId)>,
) -> Result<Json<RunDetailOut>, Error> {
    let mut tx = scope.begin().await?;
    let schedule = store::find(&mut tx, (server, id)).await?;
    let run = store::find_run(&mut tx, (schedule.id, run)).await?;
    let begun = store::run_steps(&mut tx, run.id).await?;
    Ok(Json(RunDetailOut::of(&run, begun)))
}
