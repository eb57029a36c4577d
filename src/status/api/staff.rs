//! Status pages of the provider, for programs of staff, which see those of tenants too.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::files::Binary;
use crate::platform::access::{Permission as P, Rule, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{StatusComponentId, StatusPageId, StatusPostId};
use crate::platform::web::{
    IfMatch, Json, ListOut, ListQuery, PageQuery, Path, Query, Routes, Tagged, operation,
};

use super::super::actions;
use super::super::desk::Desk;
use super::super::view::View;
use super::outs::{
    ComponentChange, ComponentIn, ComponentOut, DetailOut, OverrideIn, PageIn, PageOut, PostIn, PostOut,
    UpdateIn,
};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffStatusRead), Rule::Staff(P::StaffStatusManage));
    Routes::new()
        .api(read, operation!(list))
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

/// List status pages
///
/// The provider's and those of tenants, the newest first.
#[utoipa::path(get, path = "/api/v1/staff/status-pages", tag = "staff status pages", params(PageQuery),
    responses((status = 200, description = "A page of them", body = ListOut<PageOut>)))]
async fn list(
    State(app): State<App>,
    scope: StaffScope,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = actions::list(&Desk::from(scope), &query).await?;
    Ok(listing.map(|page| PageOut::new(&app, page)).json(&query))
}

/// Show a status page
///
/// With its components.
#[utoipa::path(get, path = "/api/v1/staff/status-pages/{page}", tag = "staff status pages",
    params(("page" = StatusPageId, Path)),
    responses((status = 200, description = "The page", body = DetailOut)))]
async fn show(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<StatusPageId>,
) -> Result<Tagged<Json<DetailOut>>, Error> {
    super::show(&app, &scope.into(), Some(id)).await
}

/// Make a status page
///
/// It begins with the panel, the mail service and every location.
#[utoipa::path(post, path = "/api/v1/staff/status-pages", tag = "staff status pages",
    request_body = PageIn,
    responses((status = 201, description = "The page", body = PageOut)))]
async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(body): Json<PageIn>,
) -> Result<Response, Error> {
    super::create(&app, &scope.into(), body).await
}

/// Change a status page
///
/// What is left out stays as it is.
#[utoipa::path(patch, path = "/api/v1/staff/status-pages/{page}", tag = "staff status pages",
    params(("page" = StatusPageId, Path)), request_body = PageIn,
    responses((status = 200, description = "The page", body = PageOut)))]
async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<StatusPageId>,
    if_match: IfMatch,
    Json(body): Json<PageIn>,
) -> Result<Tagged<Json<PageOut>>, Error> {
    super::change(&app, &scope.into(), Some(id), (&if_match, body)).await
}

/// Delete a status page
///
/// Its address leads nowhere then.
#[utoipa::path(delete, path = "/api/v1/staff/status-pages/{page}", tag = "staff status pages",
    params(("page" = StatusPageId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<StatusPageId>,
) -> Result<StatusCode, Error> {
    super::remove(&app, &scope.into(), Some(id)).await
}

/// Read a status page
///
/// As its readers do: states, ninety days, what was written and maintenance.
#[utoipa::path(get, path = "/api/v1/staff/status-pages/{page}/status", tag = "staff status pages",
    params(("page" = StatusPageId, Path)),
    responses((status = 200, description = "What it tells", body = View)))]
async fn now(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<StatusPageId>,
) -> Result<Json<View>, Error> {
    super::now(&app, &scope.into(), Some(id)).await
}

/// Download a status page as files
///
/// A tar of one folder with the page, its feed and its JSON as they are now, to be shown from elsewhere.
#[utoipa::path(get, path = "/api/v1/staff/status-pages/{page}/export.tar", tag = "staff status pages",
    params(("page" = StatusPageId, Path)),
    responses((status = 200, description = "The tar", body = Binary, content_type = "application/x-tar")))]
async fn tar(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<StatusPageId>,
) -> Result<Response, Error> {
    super::tar(&app, &scope.into(), Some(id)).await
}

/// Add a component to a status page
///
/// Its state follows from incidents and maintenance.
#[utoipa::path(post, path = "/api/v1/staff/status-pages/{page}/components", tag = "staff status pages",
    params(("page" = StatusPageId, Path)), request_body = ComponentIn,
    responses((status = 201, description = "The component", body = ComponentOut)))]
async fn add_component(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<StatusPageId>,
    Json(body): Json<ComponentIn>,
) -> Result<Response, Error> {
    super::add_component(&app, &scope.into(), Some(id), body).await
}

/// Change a component of a status page
///
/// What it stands for stays.
#[utoipa::path(patch, path = "/api/v1/staff/status-pages/{page}/components/{component}", tag = "staff status pages",
    params(("page" = StatusPageId, Path), ("component" = StatusComponentId, Path)), request_body = ComponentChange,
    responses((status = 200, description = "The component", body = ComponentOut)))]
async fn change_component(
    State(app): State<App>,
    scope: StaffScope,
    Path(at): Path<(StatusPageId, StatusComponentId)>,
    Json(body): Json<ComponentChange>,
) -> Result<Json<ComponentOut>, Error> {
    super::change_component(&app, &scope.into(), (Some(at.0), at.1), body).await
}

/// Take a component off a status page
#[utoipa::path(delete, path = "/api/v1/staff/status-pages/{page}/components/{component}", tag = "staff status pages",
    params(("page" = StatusPageId, Path), ("component" = StatusComponentId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove_component(
    State(app): State<App>,
    scope: StaffScope,
    Path(at): Path<(StatusPageId, StatusComponentId)>,
) -> Result<StatusCode, Error> {
    super::remove_component(&app, &scope.into(), (Some(at.0), at.1)).await
}

/// Say how a component of a status page is
///
/// Whatever is seen, until its time is up. It counts in the history too.
#[utoipa::path(post, path = "/api/v1/staff/status-pages/{page}/components/{component}/override", tag = "staff status pages",
    params(("page" = StatusPageId, Path), ("component" = StatusComponentId, Path)), request_body = OverrideIn,
    responses((status = 200, description = "The component", body = ComponentOut)))]
async fn say(
    State(app): State<App>,
    scope: StaffScope,
    Path(at): Path<(StatusPageId, StatusComponentId)>,
    Json(body): Json<OverrideIn>,
) -> Result<Json<ComponentOut>, Error> {
    super::say(&app, &scope.into(), (Some(at.0), at.1), body).await
}

/// Take back how a component of a status page was said to be
///
/// What is seen counts again.
#[utoipa::path(delete, path = "/api/v1/staff/status-pages/{page}/components/{component}/override", tag = "staff status pages",
    params(("page" = StatusPageId, Path), ("component" = StatusComponentId, Path)),
    responses((status = 204, description = "It is taken back")))]
async fn unsay(
    State(app): State<App>,
    scope: StaffScope,
    Path(at): Path<(StatusPageId, StatusComponentId)>,
) -> Result<StatusCode, Error> {
    super::unsay(&app, &scope.into(), (Some(at.0), at.1)).await
}

/// Write about an incident on a status page
#[utoipa::path(post, path = "/api/v1/staff/status-pages/{page}/posts", tag = "staff status pages",
    params(("page" = StatusPageId, Path)), request_body = PostIn,
    responses((status = 201, description = "What was written", body = PostOut)))]
async fn write_post(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<StatusPageId>,
    Json(body): Json<PostIn>,
) -> Result<Response, Error> {
    super::write_post(&app, &scope.into(), Some(id), body).await
}

/// Say more about an incident on a status page
#[utoipa::path(post, path = "/api/v1/staff/status-pages/{page}/posts/{post}/updates", tag = "staff status pages",
    params(("page" = StatusPageId, Path), ("post" = StatusPostId, Path)), request_body = UpdateIn,
    responses((status = 200, description = "What was written", body = PostOut)))]
async fn write_update(
    State(app): State<App>,
    scope: StaffScope,
    Path(at): Path<(StatusPageId, StatusPostId)>,
    Json(body): Json<UpdateIn>,
) -> Result<Json<PostOut>, Error> {
    super::write_update(&app, &scope.into(), (Some(at.0), at.1), body).await
}

/// Delete what was written on a status page
///
/// With all that was said.
#[utoipa::path(delete, path = "/api/v1/staff/status-pages/{page}/posts/{post}", tag = "staff status pages",
    params(("page" = StatusPageId, Path), ("post" = StatusPostId, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove_post(
    State(app): State<App>,
    scope: StaffScope,
    Path(at): Path<(StatusPageId, StatusPostId)>,
) -> Result<StatusCode, Error> {
    super::remove_post(&app, &scope.into(), (Some(at.0), at.1)).await
}
