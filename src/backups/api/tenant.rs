//! All backups of an organisation and its repositories, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRepositoryId};
use crate::platform::web::{Json, Path, Routes, operation};

use super::super::model::{OF_TENANT, Repository};
use super::super::{actions, store};
use super::stack::PartBackupOut;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(P::BackupRead), operation!(list_all))
        .api(Rule::Tenant(P::BackupRead), operation!(repositories))
        .api(Rule::Tenant(P::BackupWrite), operation!(delete_any))
        .api(Rule::Tenant(P::BackupKey), operation!(reveal_key))
}

/// A repository of the organisation's.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupRepositoryOut {
    /// Its id.
    id: BackupRepositoryId,
    /// The name of where it is.
    target: String,
    /// Backups in it that are whole.
    backups: i64,
    /// Bytes that they take together.
    size_bytes: i64,
    /// When the newest of them was made.
    newest_at: Option<DateTime<Utc>>,
    /// When its key was shown.
    key_shown_at: Option<DateTime<Utc>>,
    /// To whom.
    key_shown_by: Option<String>,
    /// When a check of it passed last; it is checked once a week.
    checked_at: Option<DateTime<Utc>>,
    /// Since when none passes.
    check_failed_at: Option<DateTime<Utc>>,
    /// Why.
    check_error: Option<String>,
}

impl From<Repository> for BackupRepositoryOut {
    fn from(one: Repository) -> Self {
        Self {
            id: one.id,
            target: one.target,
            backups: one.backups,
            size_bytes: one.bytes,
            newest_at: one.newest,
            key_shown_at: one.key_shown_at,
            key_shown_by: one.key_shown_by,
            checked_at: one.checks.passed_at,
            check_failed_at: one.checks.failed_at,
            check_error: one.checks.error,
        }
    }
}

/// A repository's key.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryKeyOut {
    /// The password of the restic repository.
    key: String,
}

/// List all backups
///
/// Of servers and of volumes, also of those that are gone; the newest 100.
#[utoipa::path(get, path = "/api/v1/backups", tag = "backups",
    responses((status = 200, description = "The backups", body = Vec<PartBackupOut>)))]
pub async fn list_all(scope: TenantScope) -> Result<Json<Vec<PartBackupOut>>, Error> {
    let all = store::of_tenant(&mut scope.begin().await?, scope.tenant(), OF_TENANT).await?;
    Ok(Json(all.into_iter().map(PartBackupOut::from).collect()))
}

/// Delete any backup
///
/// Of a server or volume that is gone, say, and the data that only it has.
#[utoipa::path(delete, path = "/api/v1/backups/{backup}", tag = "backups",
    params(("backup" = BackupId, Path)),
    responses((status = 204, description = "It goes")))]
pub async fn delete_any(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<BackupId>,
) -> Result<StatusCode, Error> {
    actions::delete_any(&app, &scope, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the repositories
#[utoipa::path(get, path = "/api/v1/backup-repositories", tag = "backups",
    responses((status = 200, description = "The repositories", body = Vec<BackupRepositoryOut>)))]
pub async fn repositories(scope: TenantScope) -> Result<Json<Vec<BackupRepositoryOut>>, Error> {
    let all = store::repositories(&mut scope.begin().await?, scope.tenant()).await?;
    Ok(Json(all.into_iter().map(BackupRepositoryOut::from).collect()))
}

/// Show a repository's key
///
/// Once: whoever has it reads all backups in the repository with restic, without this panel.
#[utoipa::path(post, path = "/api/v1/backup-repositories/{repository}/key", tag = "backups",
    params(("repository" = BackupRepositoryId, Path)),
    responses((status = 200, description = "The key", body = RepositoryKeyOut)))]
pub async fn reveal_key(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<BackupRepositoryId>,
) -> Result<Json<RepositoryKeyOut>, Error> {
    let (_, key) = actions::reveal_key(&app, &scope, id, None).await?;
    Ok(Json(RepositoryKeyOut { key }))
}
