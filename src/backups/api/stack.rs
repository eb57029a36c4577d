//! The backups of a stack's servers, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ServerId, StackId, VolumeId};
use crate::platform::web::{Json, Path, Routes, operation};
use crate::stacks;

use super::super::model::{Backup, OF_STACK};
use super::super::{actions, store};
use super::BackupOut;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(P::BackupRead), operation!(list_of_stack))
        .api(Rule::Tenant(P::BackupWrite), operation!(create_of_stack))
}

/// A backup, and what it is of.
#[derive(Debug, Serialize, ToSchema)]
pub struct PartBackupOut {
    /// The server; null once it is erased, and of a volume's.
    server_id: Option<ServerId>,
    /// What it was called; null of a volume's.
    server_name: Option<String>,
    /// The organisation's own volume; null once it is gone, and of a server's.
    volume_id: Option<VolumeId>,
    /// What it was called; null of a server's.
    volume_name: Option<String>,
    /// The template that a server was made from: servers of the same one can be made what the backup holds. Null if that was not noted.
    template: Option<String>,
    #[serde(flatten)]
    backup: BackupOut,
}

impl From<Backup> for PartBackupOut {
    fn from(backup: Backup) -> Self {
        Self {
            server_id: backup.server,
            server_name: (!backup.is_of_volume).then(|| backup.server_name.clone()),
            volume_id: backup.volume,
            volume_name: backup.is_of_volume.then(|| backup.server_name.clone()),
            template: backup.about.as_ref().map(|about| about.template.clone()),
            backup: BackupOut::from(backup),
        }
    }
}

/// What was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct StackBackupOut {
    /// The work: it is over when all of the backups are, and fails if one of them does.
    operation_id: OperationId,
    /// The backups, which are yet to be made.
    backups: Vec<PartBackupOut>,
}

/// List a stack's backups
///
/// Those of all of its servers, newest first; the newest 100.
#[utoipa::path(get, path = "/api/v1/stacks/{stack_id}/backups", tag = "backups",
    params(("stack_id" = StackId, Path)),
    responses((status = 200, description = "The backups", body = Vec<PartBackupOut>)))]
pub async fn list_of_stack(
    scope: TenantScope,
    Path(stack): Path<StackId>,
) -> Result<Json<Vec<PartBackupOut>>, Error> {
    let mut tx = scope.begin().await?;
    stacks::name(&mut tx, stack).await?;
    let all = store::of_stack(&mut tx, stack, OF_STACK).await?;
    Ok(Json(all.into_iter().map(PartBackupOut::from).collect()))
}

/// Back a stack up
///
/// Each of its servers that keeps files, or none of them if one can't be. They are restored one by one.
#[utoipa::path(post, path = "/api/v1/stacks/{stack_id}/backups", tag = "backups",
    params(("stack_id" = StackId, Path)),
    responses((status = 202, description = "The backups, which are yet to be made", body = StackBackupOut)))]
pub async fn create_of_stack(
    State(app): State<App>,
    scope: TenantScope,
    Path(stack): Path<StackId>,
) -> Result<Response, Error> {
    let asked = actions::of_stack(&app, &scope, stack).await?;
    let out = StackBackupOut {
        operation_id: asked.operation,
        backups: asked.backups.into_iter().map(PartBackupOut::from).collect(),
    };
    Ok((StatusCode::ACCEPTED, Json(out)).into_response())
}
