//! The status page of a tenant, for its programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::files::Binary;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{StatusComponentId, StatusPostId};
use crate::platform::web::{IfMatch, Json, Path, Routes, Tagged, operation};

use super::super::view::View;
use super::outs::{
    ComponentChange, ComponentIn, ComponentOut, DetailOut, OverrideIn, PageIn, PageOut, PostIn, PostOut,
    UpdateIn,
};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::StatusRead), Rule::Tenant(P::StatusWrite));
    Routes::new()
        .api(read, operation!(show))
        .api(write, operation!(create))
        .api(write, operation!(change))
        .api(write, operation!(remove))
        .api(read, operation!(now))
        .api(read, operation!(tar))
        .api(write, operation!(add_component))
        .api(write, operation!(change_component))
        .api(write, operation!(remove_component))
        .api(write, operation!(say))
        .api(write, operation!(unsay))
        .api(write, operation!(write_post))
        .api(write, operation!(write_update))
        .api(write, operation!(remove_post))
}

/// Show your status page
///
/// With its components.
#[utoipa::path(get, path = "/api/v1/status-page", tag = "status page",
    responses((status = 200, description = "The page", body = DetailOut)))]
async fn show(State(app): State<App>, scope: TenantScope) -> Result<Tagged<Json<DetailOut>>, Error> {
    super::show(&app, &scope.into(), None).await
}

/// Make your status page
///
/// An organisation has one.
#[utoipa::path(post, path = "/api/v1/status-page", tag = "status page",
    request_body = PageIn,
    responses((status = 201, description = "The page", body = PageOut)))]
async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Json(body): Json<PageIn>,
) -> Result<Response, Error> {
    super::create(&app, &scope.into(), body).await
}

/// Change your status page
///
/// What is left out stays as it is.
#[utoipa::path(patch, path = "/api/v1/status-page", tag = "status page",
    request_body = PageIn,
    responses((status = 200, description = "The page", body = PageOut)))]
async fn change(
    State(app): State<App>,
    scope: TenantScope,
    if_match: IfMatch,
    Json(body): Json<PageIn>,
) -> Result<Tagged<Json<PageOut>>, Error> {
    super::change(&app, &scope.into(), None, (&if_match, body)).await
}

/// Delete your status page
///
/// Its address leads nowhere then.
#[utoipa::path(delete, path = "/api/v1/status-page", tag = "status page",
    responses((status = 204, description = "It is gone")))]
async fn remove(State(app): State<App>, scope: TenantScope) -> Result<StatusCode, Error> {
    super::remove(&app, &scope.into(), None).await
}

/// Read your status page
///
/// As its readers do: states, ninety days, what was written and maintenance.
#[utoipa::path(get, path = "/api/v1/status-page/status", tag = "status page",
    responses((status = 200, description = "What it tells", body = View)))]
async fn now(State(app): State<App>, scope: TenantScope) -> Result<Json<View>, Error> {
    super::now(&app, &scope.into(), None).await
}

/// Download your status page as files
///
/// A tar of one folder with the page, its feed and its JSON as they are now, to be shown from elsewhere.
#[utoipa::path(get, path = "/api/v1/status-page/export.tar", tag = "status page",
    responses((status = 200, description = "The tar", body = Binary, content_type = "application/x-tar")))]
async fn tar(State(app): State<App>, scope: TenantScope) -> Result<Response, Error> {
    super::tar(&app, &scope.into(), None).await
}

/// Add a component to your status page
///
/// Its state follows from incidents and maintenance.
#[utoipa::path(post, path = "/api/v1/status-page/components", tag = "status page",
    request_body = ComponentIn,
    responses((status = 201, description = "The component", body = ComponentOut)))]
async fn add_component(
    State(app): State<App>,
    scope: TenantScope,
    Json(body): Json<ComponentIn>,
) -> Result<Response, Error> {
    super::add_component(&app, &scope.into(), None, body).await
}

/// Change a component of your status page
///
/// What it stands for stays.
#[utoipa::path(patch, path = "/api/v1/status-page/components/{component}", tag = "status page",
    params(("component" = StatusComponentId, Path)), request_body = ComponentChange,
    responses((status = 200, description = "The component", body = ComponentOut)))]
async fn change_component(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StatusComponentId>,
    Json(body): Json<ComponentChange>,
) -> Result<Json<ComponentOut>, Error> {
    super::change_component(&app, &scope.into(), (None, id), body).await
}

/// Take a component off your status page
#[utoipa::path(delete, path = "/api/v1/status-page/components/{component}", tag = "status page",
    params(("component" = StatusComponentId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove_component(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StatusComponentId>,
) -> Result<StatusCode, Error> {
    super::remove_component(&app, &scope.into(), (None, id)).await
}

/// Say how a component of your status page is
///
/// Whatever is seen, until its time is up. It counts in the history too.
#[utoipa::path(post, path = "/api/v1/status-page/components/{component}/override", tag = "status page",
    params(("component" = StatusComponentId, Path)), request_body = OverrideIn,
    responses((status = 200, description = "The component", body = ComponentOut)))]
async fn say(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StatusComponentId>,
    Json(body): Json<OverrideIn>,
) -> Result<Json<ComponentOut>, Error> {
    super::say(&app, &scope.into(), (None, id), body).await
}

/// Take back how a component of your status page was said to be
///
/// What is seen counts again.
#[utoipa::path(delete, path = "/api/v1/status-page/components/{component}/override", tag = "status page",
    params(("component" = StatusComponentId, Path)),
    responses((status = 204, description = "It is taken back")))]
async fn unsay(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StatusComponentId>,
) -> Result<StatusCode, Error> {
    super::unsay(&app, &scope.into(), (None, id)).await
}

/// Write about an incident on your status page
#[utoipa::path(post, path = "/api/v1/status-page/posts", tag = "status page",
    request_body = PostIn,
    responses((status = 201, description = "What was written", body = PostOut)))]
async fn write_post(
    State(app): State<App>,
    scope: TenantScope,
    Json(body): Json<PostIn>,
) -> Result<Response, Error> {
    super::write_post(&app, &scope.into(), None, body).await
}

/// Say more about an incident on your status page
#[utoipa::path(post, path = "/api/v1/status-page/posts/{post}/updates", tag = "status page",
    params(("post" = StatusPostId, Path)), request_body = UpdateIn,
    responses((status = 200, description = "What was written", body = PostOut)))]
async fn write_update(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StatusPostId>,
    Json(body): Json<UpdateIn>,
) -> Result<Json<PostOut>, Error> {
    super::write_update(&app, &scope.into(), (None, id), body).await
}

/// Delete what was written on your status page
///
/// With all that was said.
#[utoipa::path(delete, path = "/api/v1/status-page/posts/{post}", tag = "status page",
    params(("post" = StatusPostId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove_post(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<StatusPostId>,
) -> Result<StatusCode, Error> {
    super::remove_post(&app, &scope.into(), (None, id)).await
}
