//! Where backups can go, for programs of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupTargetId, OperationId};
use crate::platform::web::{IfMatch, Json, Path, Routes, Tagged, operation};

use super::super::change::TargetChange;
use super::super::target::NewTarget;
use super::super::{actions, probe, store};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Staff(P::StaffBackupRead), operation!(targets))
        .api(Rule::Staff(P::StaffBackupManage), operation!(add_target))
        .api(Rule::Staff(P::StaffBackupRead), operation!(show_target))
        .api(Rule::Staff(P::StaffBackupManage), operation!(change_target))
        .api(Rule::Staff(P::StaffBackupManage), operation!(remove_target))
        .api(Rule::Staff(P::StaffBackupManage), operation!(set_default))
        .api(Rule::Staff(P::StaffBackupManage), operation!(test))
}

/// A place that backups can go to.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupTargetOut {
    /// Its id.
    id: BackupTargetId,
    /// What it is called.
    name: String,
    /// `volume`, `sftp` or `s3`.
    kind: String,
    /// Where it is.
    address: String,
    /// Whether backups go there.
    is_default: bool,
    /// Whether it may be an address of the panel's own machine, or of what only that reaches.
    allow_inside: bool,
}

impl From<store::Target> for BackupTargetOut {
    fn from(target: store::Target) -> Self {
        Self {
            id: target.id,
            name: target.name,
            kind: target.kind,
            address: target.address,
            is_default: target.is_default,
            allow_inside: target.allow_inside,
        }
    }
}

/// A place to be added.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BackupTargetIn {
    /// What it is called.
    #[schema(max_length = 100)]
    name: String,
    /// Where it is, and what it takes to get there.
    target: NewTarget,
    /// It may be an address of the panel's own machine, or of what only that reaches.
    #[serde(default)]
    allow_inside: bool,
}

/// List where backups can go
#[utoipa::path(get, path = "/api/v1/staff/backup-targets", tag = "backups",
    responses((status = 200, description = "The targets", body = Vec<BackupTargetOut>)))]
pub async fn targets(scope: StaffScope) -> Result<Json<Vec<BackupTargetOut>>, Error> {
    let all = store::targets(&mut scope.begin().await?).await?;
    Ok(Json(all.into_iter().map(BackupTargetOut::from).collect()))
}

/// Add a place that backups can go to
#[utoipa::path(post, path = "/api/v1/staff/backup-targets", tag = "backups", request_body = BackupTargetIn,
    responses((status = 201, description = "The target", body = BackupTargetOut)))]
pub async fn add_target(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<BackupTargetIn>,
) -> Result<Response, Error> {
    let target = actions::add_target(&app, &scope, (&new.name, &new.target, new.allow_inside)).await?;
    Ok((StatusCode::CREATED, Json(BackupTargetOut::from(target))).into_response())
}

/// Show a place that backups can go to
#[utoipa::path(get, path = "/api/v1/staff/backup-targets/{target}", tag = "backups",
    params(("target" = BackupTargetId, Path)),
    responses((status = 200, description = "The target", body = BackupTargetOut)))]
pub async fn show_target(
    scope: StaffScope,
    Path(id): Path<BackupTargetId>,
) -> Result<Tagged<Json<BackupTargetOut>>, Error> {
    let known = store::target(&mut scope.begin().await?, id).await?;
    Ok(tagged(known))
}

fn tagged(target: store::Target) -> Tagged<Json<BackupTargetOut>> {
    Tagged(target.version, Json(BackupTargetOut::from(target)))
}

/// Change a place that backups can go to
///
/// What it is called, and what opens it: port, user, keys. Where it is stays, because repositories lie there; for another place, add
/// another target.
#[utoipa::path(patch, path = "/api/v1/staff/backup-targets/{target}", tag = "backups",
    params(("target" = BackupTargetId, Path)), request_body = TargetChange,
    responses((status = 200, description = "The target", body = BackupTargetOut)))]
pub async fn change_target(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BackupTargetId>,
    if_match: IfMatch,
    Json(change): Json<TargetChange>,
) -> Result<Tagged<Json<BackupTargetOut>>, Error> {
    let is_seen = |version| if_match.check(version);
    let changed = actions::change_target(&app, &scope, id, &change, is_seen).await?;
    Ok(tagged(changed))
}

/// Delete a place that backups can go to
///
/// Only one that new backups do not go to, and where no organisation has a repository.
#[utoipa::path(delete, path = "/api/v1/staff/backup-targets/{target}", tag = "backups",
    params(("target" = BackupTargetId, Path)),
    responses((status = 204, description = "It is gone from here; at the target nothing is touched")))]
pub async fn remove_target(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BackupTargetId>,
) -> Result<StatusCode, Error> {
    actions::remove_target(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Let backups go there
///
/// From now on; those that are elsewhere stay there.
#[utoipa::path(post, path = "/api/v1/staff/backup-targets/{target}/default", tag = "backups",
    params(("target" = BackupTargetId, Path)),
    responses((status = 204, description = "They do")))]
pub async fn set_default(
    State(app): State<App>,
    scope: StaffScope,
    Path(target): Path<BackupTargetId>,
) -> Result<StatusCode, Error> {
    actions::set_default(&app, &scope, target).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A target that is tried.
#[derive(Debug, Serialize, ToSchema)]
pub struct TargetTestOut {
    /// The work: it fails with what is wrong.
    #[schema(value_type = String, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: OperationId,
}

/// Test a target
///
/// A repository of nobody's is made there, and checked; it holds nothing, and stays.
#[utoipa::path(post, path = "/api/v1/staff/backup-targets/{target}/test", tag = "backups",
    params(("target" = BackupTargetId, Path)),
    responses((status = 202, description = "The work", body = TargetTestOut)))]
pub async fn test(
    State(app): State<App>,
    scope: StaffScope,
    Path(target): Path<BackupTargetId>,
) -> Result<Response, Error> {
    let operation_id = probe::ask(&app, &scope, target).await?;
    let location = [("location", format!("/api/v1/staff/operations/{operation_id}"))];
    Ok((
        StatusCode::ACCEPTED,
        location,
        Json(TargetTestOut { operation_id }),
    )
        .into_response())
}
