//! Updates for programs.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Json, Path};

use super::super::actions;
use super::outs::{AskedOut, BulkOut};
use super::servers::{accepted, accepted_as_staff};

/// Update a server
///
/// To the newest image of its template; data, addresses and settings stay. The image before is kept until the check of the
/// new container has succeeded. If it fails, the server goes back by itself, and the operation ends as failed with the
/// reason. A server that does not run takes the new image at its next start. 409 `up-to-date` if there is no newer image.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/update", tag = "servers", params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::update(&app, &scope, id).await?;
    Ok(accepted(&app, asked))
}

/// Update all servers
///
/// Those whose template has a newer image, but for those that this image failed on. An operation for each, at most 100 at
/// once.
#[utoipa::path(post, path = "/api/v1/servers/updates", tag = "servers",
    responses((status = 200, description = "What came of each", body = BulkOut)))]
pub async fn all(State(app): State<App>, scope: TenantScope) -> Result<Json<BulkOut>, Error> {
    Ok(Json(actions::update_all(&app, &scope).await?.into()))
}

/// Update any server
///
/// Written into the tenant's audit log under the name of whoever did it.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/update", tag = "staff",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn one_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::update_as_staff(&app, &scope, id).await?;
    Ok(accepted_as_staff(&app, asked))
}

/// Update all tenants' servers
///
/// Those whose template has a newer image, but for those that this image failed on. An operation for each, at most 100 at
/// once.
#[utoipa::path(post, path = "/api/v1/staff/servers/updates", tag = "staff",
    responses((status = 200, description = "What came of each", body = BulkOut)))]
pub async fn all_as_staff(State(app): State<App>, scope: StaffScope) -> Result<Json<BulkOut>, Error> {
    Ok(Json(actions::update_all_as_staff(&app, &scope).await?.into()))
}
