//! Deleted servers for programs: what is kept, the way back, the end before the time.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Json, ListOut, ListQuery, Path, Query};

use super::super::actions::{self, Asked};
use super::super::query::deleted;
use super::outs::{AskedOut, ServerOut};
use super::servers::{accepted, accepted_as_staff};

/// List deleted servers
///
/// Those that were deleted last come first. `q` is found in the name; `sort` is `-deleted` or nothing. Each is kept until
/// `kept_until`; null while it is being erased.
#[utoipa::path(get, path = "/api/v1/deleted-servers", tag = "servers", params(ListQuery),
    responses((status = 200, description = "A page of the tenant's deleted servers", body = ListOut<ServerOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = deleted(&mut tx, Some(scope.tenant()), &query).await?;
    Ok(listing.map(|server| ServerOut::of(&app, server)).json(&query))
}

/// List all deleted servers
///
/// Those that were deleted last come first. `q` is found in the name; `sort` is `-deleted` or nothing.
#[utoipa::path(get, path = "/api/v1/staff/deleted-servers", tag = "staff", params(ListQuery),
    responses((status = 200, description = "A page of all tenants' deleted servers", body = ListOut<ServerOut>)))]
pub async fn list_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = deleted(&mut tx, None, &query).await?;
    Ok(listing.map(|server| ServerOut::of(&app, server)).json(&query))
}

/// How a server comes back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RestoreIn {
    /// Its name from now on. If none is given it has its own again, or that with "(restored)" if another server has it now.
    #[schema(example = "web-1")]
    name: Option<String>,
}

/// Restore a deleted server
///
/// With its data and settings, running or stopped as it was. It counts for the plan again. Its ports may have other numbers
/// if its own are taken.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/restore", tag = "servers",
    params(("server_id" = ServerId, Path)), request_body = RestoreIn,
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Json(how): Json<RestoreIn>,
) -> Result<Response, Error> {
    let restored = actions::restore(&app, &scope, id, how.name.as_deref()).await?;
    let asked = Asked {
        server: restored.server,
        operation: restored.operation,
    };
    Ok(accepted(&app, asked))
}

/// Erase a deleted server
///
/// With its data, for good, before its time is over. It is gone when the operation has succeeded.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/erase", tag = "servers",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn erase(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::erase(&app, &scope, id, None).await?;
    Ok(accepted(&app, asked))
}

/// Restore any deleted server
///
/// As its tenant can. It has to fit into that tenant's plan.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/restore", tag = "staff",
    params(("server_id" = ServerId, Path)), request_body = RestoreIn,
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn restore_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Json(how): Json<RestoreIn>,
) -> Result<Response, Error> {
    let restored = actions::restore_as_staff(&app, &scope, id, how.name.as_deref()).await?;
    let asked = Asked {
        server: restored.server,
        operation: restored.operation,
    };
    Ok(accepted_as_staff(&app, asked))
}

/// Erase any deleted server
///
/// With its data, for good, before the time that was promised to its tenant. It is gone when the operation has succeeded.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/erase", tag = "staff",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn erase_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::erase_as_staff(&app, &scope, id, None).await?;
    Ok(accepted_as_staff(&app, asked))
}
