//! The snapshots of a stack's servers, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ServerId, StackId};
use crate::platform::web::{Json, Path, Routes, operation};
use crate::stacks;

use super::super::model::{OF_STACK, PartSnapshot};
use super::super::{actions, store};
use super::SnapshotOut;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(Permission::SnapshotRead), operation!(list_of_stack))
        .api(Rule::Tenant(Permission::SnapshotWrite), operation!(take_of_stack))
}

/// A snapshot of one of a stack's servers.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartSnapshotOut {
    /// The server.
    server_id: ServerId,
    /// What it is called.
    server_name: String,
    #[serde(flatten)]
    snapshot: SnapshotOut,
}

impl From<PartSnapshot> for PartSnapshotOut {
    fn from(part: PartSnapshot) -> Self {
        Self {
            server_id: part.snapshot.server,
            server_name: part.server_name,
            snapshot: SnapshotOut::of(part.snapshot, None),
        }
    }
}

/// What was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct StackSnapshotOut {
    /// The work: it is over when all of the snapshots are there, and fails if one of them can't be taken.
    #[schema(value_type = String, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: OperationId,
    /// The snapshots, which are yet to be taken.
    snapshots: Vec<PartSnapshotOut>,
}

/// List a stack's snapshots
///
/// Those of all of its servers, newest first; the newest 100. What each holds is told in the list of its server.
#[utoipa::path(get, path = "/api/v1/stacks/{stack_id}/snapshots", tag = "snapshots",
    params(("stack_id" = StackId, Path)),
    responses((status = 200, description = "The snapshots", body = Vec<PartSnapshotOut>)))]
pub async fn list_of_stack(
    scope: TenantScope,
    Path(stack): Path<StackId>,
) -> Result<Json<Vec<PartSnapshotOut>>, Error> {
    let mut tx = scope.begin().await?;
    stacks::name(&mut tx, stack).await?;
    let all = store::of_stack(&mut tx, stack, OF_STACK).await?;
    Ok(Json(all.into_iter().map(PartSnapshotOut::from).collect()))
}

/// Take a snapshot of a stack
///
/// Of each of its servers that keeps files, or of none of them if one can't have any. They are taken right after each other, each of
/// one moment by itself, and restored one by one.
#[utoipa::path(post, path = "/api/v1/stacks/{stack_id}/snapshots", tag = "snapshots",
    params(("stack_id" = StackId, Path)),
    responses((status = 202, description = "The snapshots and the work", body = StackSnapshotOut)))]
pub async fn take_of_stack(
    State(app): State<App>,
    scope: TenantScope,
    Path(stack): Path<StackId>,
) -> Result<Response, Error> {
    let asked = actions::of_stack(&app, &scope, stack).await?;
    let location = [("location", format!("/api/v1/operations/{}", asked.operation))];
    let out = StackSnapshotOut {
        operation_id: asked.operation,
        snapshots: asked.snapshots.into_iter().map(PartSnapshotOut::from).collect(),
    };
    Ok((StatusCode::ACCEPTED, location, Json(out)).into_response())
}
