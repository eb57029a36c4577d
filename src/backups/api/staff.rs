//! The repositories of all tenants, and what is in them, for programs of staff.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, Side, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupRepositoryId, OperationId, TenantId};
use crate::platform::web::{Accepted, Json, Path, Routes, operation};
use crate::tenants;

use super::super::model::{ALL_SHOWN, OF_TENANT};
use super::super::{actions, store};
use super::stack::PartBackupOut;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Staff(P::StaffBackupRead), operation!(all_repositories))
        .api(Rule::Staff(P::StaffBackupManage), operation!(check))
        .api(Rule::Staff(P::StaffBackupRead), operation!(list_of_tenant))
}

/// A tenant's repository.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantRepositoryOut {
    /// Its id.
    id: BackupRepositoryId,
    /// Whose it is.
    tenant_id: TenantId,
    /// What they are called.
    tenant_name: String,
    /// The name of where it is.
    target: String,
    /// Backups in it that are whole.
    backups: i64,
    /// Bytes that they take together.
    size_bytes: i64,
    /// When the newest of them was made.
    newest_at: Option<DateTime<Utc>>,
    /// When a check of it passed last; it is checked once a week.
    checked_at: Option<DateTime<Utc>>,
    /// Since when none passes.
    check_failed_at: Option<DateTime<Utc>>,
    /// Why.
    check_error: Option<String>,
    /// When the next is due; null before anything whole is in it.
    next_check_at: Option<DateTime<Utc>>,
    /// The check that somebody asked for and that is not over.
    check_operation_id: Option<OperationId>,
}

impl From<store::Held> for TenantRepositoryOut {
    fn from(one: store::Held) -> Self {
        Self {
            id: one.id,
            tenant_id: one.tenant,
            tenant_name: one.tenant_name,
            target: one.target,
            backups: one.backups,
            size_bytes: one.bytes,
            newest_at: one.newest,
            checked_at: one.checks.passed_at,
            check_failed_at: one.checks.failed_at,
            check_error: one.checks.error,
            next_check_at: one.check_at,
            check_operation_id: one.checking,
        }
    }
}

/// List the repositories of all tenants
///
/// The largest 200.
#[utoipa::path(get, path = "/api/v1/staff/backup-repositories", tag = "backups",
    responses((status = 200, description = "The repositories", body = Vec<TenantRepositoryOut>)))]
pub async fn all_repositories(scope: StaffScope) -> Result<Json<Vec<TenantRepositoryOut>>, Error> {
    let all = store::all_repositories(&mut scope.begin().await?, ALL_SHOWN).await?;
    Ok(Json(all.into_iter().map(TenantRepositoryOut::from).collect()))
}

/// A repository that is checked.
#[derive(Debug, Serialize, ToSchema)]
pub struct RepositoryCheckOut {
    /// The work: it fails with what is wrong.
    operation_id: OperationId,
}

/// Check a repository
///
/// Now, and not only when it is its turn: its structure, and a random part of its data. Backups of its tenant wait meanwhile.
#[utoipa::path(post, path = "/api/v1/staff/backup-repositories/{repository}/check", tag = "backups",
    params(("repository" = BackupRepositoryId, Path)),
    responses((status = 202, description = "The work", body = RepositoryCheckOut)))]
pub async fn check(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BackupRepositoryId>,
) -> Result<Response, Error> {
    let operation_id = actions::check_now(&app, &scope, id).await?;
    let out = RepositoryCheckOut { operation_id };
    Ok(Accepted(Side::Staff, operation_id, Json(out)).into_response())
}

/// List a tenant's backups
///
/// Also of servers that are gone; the newest 100.
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/backups", tag = "staff tenants",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The backups", body = Vec<PartBackupOut>)))]
pub async fn list_of_tenant(
    scope: StaffScope,
    Path(tenant): Path<TenantId>,
) -> Result<Json<Vec<PartBackupOut>>, Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, tenant).await?;
    let all = store::of_tenant(&mut tx, tenant, OF_TENANT).await?;
    Ok(Json(all.into_iter().map(PartBackupOut::from).collect()))
}
