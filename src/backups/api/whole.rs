//! Whole servers got back, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, Side, StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, OperationId, ServerId};
use crate::platform::web::{Accepted, Json, Path, Routes, operation};

use super::super::actions;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(P::ServerCreate), operation!(into_new))
        .api(Rule::Tenant(P::BackupWrite), operation!(over))
        .api(Rule::Staff(P::StaffBackupManage), operation!(over_as_staff))
}

/// How a backup becomes another server.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackupCloneIn)]
pub struct CloneIn {
    /// What it is called; one is made up if none is given.
    #[schema(example = "shop (then)", max_length = 63)]
    name: Option<String>,
}

/// A server that is made from a backup.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackupCloneOut)]
pub struct CloneOut {
    /// The new server.
    #[schema(value_type = String, example = "srv_01h455vb4pex5vsknk084sn02q")]
    server_id: ServerId,
    /// What it is called.
    name: String,
    /// The work.
    #[schema(value_type = String, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: OperationId,
}

/// Make another server from a backup
///
/// A copy of the server, with its answers and its size, that holds what the backup does; the server itself goes on. Needs
/// `backups:write` too.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/backups/{backup}/clone", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path)), request_body = CloneIn,
    responses((status = 202, description = "The new server and the work", body = CloneOut)))]
pub async fn into_new(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(ServerId, BackupId)>,
    Json(how): Json<CloneIn>,
) -> Result<Response, Error> {
    let asked = actions::into_new(&app, &scope, at, how.name).await?;
    let location = [("location", format!("/api/v1/operations/{}", asked.operation.id))];
    let out = CloneOut {
        server_id: asked.server.id,
        name: asked.server.name,
        operation_id: asked.operation.id,
    };
    Ok((StatusCode::ACCEPTED, location, Json(out)).into_response())
}

/// A server that is restored in place.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestoreOverOut {
    /// The work.
    #[schema(value_type = String, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: OperationId,
}

/// Restore a server in place
///
/// It stops, what it has now is kept by a backup (`reason` is `safety`), and then its volumes are what they were. The backup may be
/// any of the organisation's of a server of the same template, also of one that is gone. Needs `servers:power` too.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/backups/{backup}/restore-over", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path)),
    responses((status = 202, description = "The work", body = RestoreOverOut)))]
pub async fn over(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): Path<(ServerId, BackupId)>,
) -> Result<Response, Error> {
    let operation_id = actions::over(&app, &scope, at, None).await?;
    let location = [("location", format!("/api/v1/operations/{operation_id}"))];
    Ok((
        StatusCode::ACCEPTED,
        location,
        Json(RestoreOverOut { operation_id }),
    )
        .into_response())
}

/// Restore any server in place
///
/// As its own people would, on their behalf. Needs `staff.servers:power` too.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/backups/{backup}/restore-over", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path)),
    responses((status = 202, description = "The work", body = RestoreOverOut)))]
pub async fn over_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Path(at): Path<(ServerId, BackupId)>,
) -> Result<Response, Error> {
    let operation_id = actions::over_as_staff(&app, &scope, at, None).await?;
    let out = RestoreOverOut { operation_id };
    Ok(Accepted(Side::Staff, operation_id, Json(out)).into_response())
}
