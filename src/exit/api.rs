//! Taking everything with you, for programs.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::files::Binary;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{ExitArchiveId, TenantId};
use crate::platform::web::{Json, Path, Query};
use crate::tenants;

use super::actions::{self, GONE_AFTER};
use super::model::{Download, State as How};
use super::pages::{DownloadParams, SHOWN, saved};
use super::store;

/// A download of all that a tenant has.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Archive)]
pub(super) struct ArchiveOut {
    /// Its id, which its last entry names, too.
    id: ExitArchiveId,
    /// How it is.
    state: How,
    /// Who asked for it.
    asked_by: String,
    /// Whether secrets are in it.
    has_secrets: bool,
    /// How many files were sent.
    files: i64,
    /// How much was in them.
    bytes: i64,
    /// Why it was cut off.
    error: Option<String>,
    /// When it began.
    started_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
}

impl From<Download> for ArchiveOut {
    fn from(one: Download) -> Self {
        Self {
            id: one.id,
            state: one.state,
            asked_by: one.asked_by,
            has_secrets: one.has_secrets,
            files: one.files,
            bytes: one.bytes,
            error: one.error,
            started_at: one.started_at,
            ended_at: one.ended_at,
        }
    }
}

/// List the last downloads of all that your tenant has
///
/// The newest ten, the newest first.
#[utoipa::path(get, path = "/api/v1/tenant/archives", tag = "tenant",
    responses((status = 200, description = "The downloads", body = Vec<ArchiveOut>)))]
pub(super) async fn list(State(app): State<App>, scope: TenantScope) -> Result<Json<Vec<ArchiveOut>>, Error> {
    let mut tx = scope.begin().await?;
    let all = store::newest(&mut tx, scope.tenant(), app.now() - GONE_AFTER, SHOWN).await?;
    Ok(Json(all.into_iter().map(ArchiveOut::from).collect()))
}

/// Download all that your tenant has
///
/// A tar of GNU's format with servers, their files, people, networks, use and the audit log; `README.txt` in it explains it.
/// Its last entry is `END.json`: without it the download was cut off. One at a time; written into the audit log.
#[utoipa::path(get, path = "/api/v1/tenant/archive", tag = "tenant", params(DownloadParams),
    responses((status = 200, description = "The tar", body = Binary, content_type = "application/x-tar")))]
pub(super) async fn download(
    State(app): State<App>,
    scope: TenantScope,
    Query(params): Query<DownloadParams>,
) -> Result<Response, Error> {
    let with_secrets = params.secrets.unwrap_or(false);
    Ok(saved(actions::download(&app, &scope, with_secrets).await?))
}

/// List the last downloads of all that a tenant has
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/archives", tag = "staff tenants",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The downloads", body = Vec<ArchiveOut>)))]
pub(super) async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
) -> Result<Json<Vec<ArchiveOut>>, Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, id).await?;
    let all = store::newest(&mut tx, id, app.now() - GONE_AFTER, SHOWN).await?;
    Ok(Json(all.into_iter().map(ArchiveOut::from).collect()))
}

/// Download all that a tenant has
///
/// Without secrets, by your own open access to the archive (`POST /api/v1/staff/break-glass`). The tenant sees it in its audit log and
/// among the looks of that access.
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/archive", tag = "staff tenants",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The tar", body = Binary, content_type = "application/x-tar")))]
pub(super) async fn staff_download(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
) -> Result<Response, Error> {
    Ok(saved(actions::download_of(&app, &scope, id).await?))
}
