//! Backups for programs.

mod stack;
mod staff;
mod targets;
mod tenant;
mod volume;
mod whole;

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::drivers::backup::{Entry, EntryKind};
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRestoreId, OperationId, ScheduleId, ServerId};
use crate::platform::web::{Json, Path, Query, Routes, operation};
use crate::servers;

use super::model::{Backup, Of, Reason, Restore, SHOWN, State as How};
use super::{actions, look, store};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::BackupRead), Rule::Tenant(P::BackupWrite));
    Routes::new()
        .api(read, operation!(list))
        .api(write, operation!(create))
        .api(read, operation!(show))
        .api(write, operation!(delete))
        .api(read, operation!(entries))
        .api(read, operation!(content))
        .api(write, operation!(restore))
        .merge(stack::routes())
        .merge(staff::routes())
        .merge(targets::routes())
        .merge(tenant::routes())
        .merge(volume::routes())
        .merge(whole::routes())
}

/// A backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupOut {
    /// Its id.
    id: BackupId,
    /// How it is.
    state: How,
    /// How far it is.
    percent: i64,
    /// Bytes that it holds, or that were looked at so far.
    size_bytes: i64,
    /// Bytes that the repository has grown by.
    added_bytes: i64,
    /// Its name in the repository, for those who use restic themselves.
    snapshot: Option<String>,
    /// Why it failed.
    error: Option<String>,
    /// Why there is one.
    reason: Reason,
    /// The work to watch.
    operation_id: Option<OperationId>,
    /// The schedule that made it.
    schedule_id: Option<ScheduleId>,
    /// Who wanted it.
    asked_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it ended.
    finished_at: Option<DateTime<Utc>>,
    /// What was got back from it, newest first; only where one backup is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    restores: Vec<RestoreOut>,
    /// Volumes that were made from it, newest first; only where one backup of a volume is asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    volumes: Vec<volume::MadeOut>,
}

impl From<Backup> for BackupOut {
    fn from(backup: Backup) -> Self {
        Self {
            percent: backup.percent(),
            id: backup.id,
            state: backup.state,
            size_bytes: backup.done_bytes,
            added_bytes: backup.added_bytes,
            snapshot: backup.snapshot,
            error: backup.error,
            reason: backup.reason,
            operation_id: backup.operation,
            schedule_id: backup.schedule,
            asked_by: backup.asked_by,
            created_at: backup.created_at,
            finished_at: backup.finished_at,
            restores: Vec::new(),
            volumes: Vec::new(),
        }
    }
}

/// Something that is got back.
#[derive(Debug, Serialize, ToSchema)]
pub struct RestoreOut {
    /// Its id.
    id: BackupRestoreId,
    /// What.
    path: String,
    /// Where it is then.
    to: String,
    /// How it is.
    state: How,
    /// Why it failed.
    error: Option<String>,
}

impl From<Restore> for RestoreOut {
    fn from(restore: Restore) -> Self {
        let what = &restore.what;
        Self {
            path: format!("/{}{}", what.volume(), what.path()),
            to: format!("/{}/{}", what.volume(), restore.name),
            id: restore.id,
            state: restore.state,
            error: restore.error,
        }
    }
}

type At = Path<(ServerId, BackupId)>;

/// List a server's backups
///
/// Newest first; there are at most 60.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/backups", tag = "backups",
    params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The backups", body = Vec<BackupOut>)))]
pub async fn list(scope: TenantScope, Path(server): Path<ServerId>) -> Result<Json<Vec<BackupOut>>, Error> {
    let mut tx = scope.begin().await?;
    servers::find(&mut tx, server).await?;
    let all = store::list(&mut tx, Of::Server(server)).await?;
    Ok(Json(all.into_iter().map(BackupOut::from).collect()))
}

/// Back a server up
///
/// What is in its volumes is saved, whether it runs or not. Only what no backup of the tenant has yet takes room.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/backups", tag = "backups",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The backup, which is yet to be made", body = BackupOut)))]
pub async fn create(
    State(app): State<App>,
    scope: TenantScope,
    Path(server): Path<ServerId>,
) -> Result<Response, Error> {
    let backup = actions::create(&app, &scope, server).await?;
    Ok((StatusCode::ACCEPTED, Json(BackupOut::from(backup))).into_response())
}

/// Show a backup
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/backups/{backup}", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path)),
    responses((status = 200, description = "The backup", body = BackupOut)))]
pub async fn show(scope: TenantScope, Path(at): At) -> Result<Json<BackupOut>, Error> {
    let mut tx = scope.begin().await?;
    let backup = actions::find(&mut tx, at).await?;
    let restores = store::restores(&mut tx, backup.id, SHOWN).await?;
    let mut out = BackupOut::from(backup);
    out.restores = restores.into_iter().map(RestoreOut::from).collect();
    Ok(Json(out))
}

/// Delete a backup
///
/// It and the data that only it has are removed.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/backups/{backup}", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path)),
    responses((status = 204, description = "It is being removed")))]
pub async fn delete(State(app): State<App>, scope: TenantScope, Path(at): At) -> Result<StatusCode, Error> {
    actions::delete(&app, &scope, at).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// What in a backup.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct InQuery {
    /// A volume, and a path in it.
    #[param(required = true, value_type = String, example = "/data/folder")]
    path: Option<String>,
}

impl InQuery {
    fn path(&self) -> &str {
        self.path.as_deref().unwrap_or_default()
    }
}

/// Something in a backup.
#[derive(Debug, Serialize, ToSchema)]
pub struct BackupEntryOut {
    /// Its name.
    name: String,
    /// `folder`, `file`, `link` or `other`.
    kind: &'static str,
    /// A file's bytes.
    size: u64,
    /// When it was changed.
    changed_at: Option<DateTime<Utc>>,
}

impl From<Entry> for BackupEntryOut {
    fn from(entry: Entry) -> Self {
        Self {
            kind: match entry.kind {
                EntryKind::Folder => "folder",
                EntryKind::File => "file",
                EntryKind::Link => "link",
                EntryKind::Other => "other",
            },
            name: entry.name,
            size: entry.size,
            changed_at: entry.changed,
        }
    }
}

/// List a folder of a backup
///
/// By name; the first 2,000.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/backups/{backup}/entries", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path), InQuery),
    responses((status = 200, description = "What is in it", body = Vec<BackupEntryOut>)))]
pub async fn entries(
    State(app): State<App>,
    scope: TenantScope,
    Path((server, id)): At,
    Query(query): Query<InQuery>,
) -> Result<Json<Vec<BackupEntryOut>>, Error> {
    let at = (Of::Server(server), id);
    let (entries, _) = look::entries(&app, &scope, at, query.path()).await?;
    Ok(Json(entries.into_iter().map(BackupEntryOut::from).collect()))
}

/// The bytes of something in a backup.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct BackupBinary(#[expect(dead_code, reason = "only its schema is used")] Vec<u8>);

/// Download from a backup
///
/// A file as it was; of a folder, a tar.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/backups/{backup}/content", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path), InQuery),
    responses((status = 200, description = "The bytes", body = BackupBinary, content_type = "application/octet-stream")))]
pub async fn content(
    State(app): State<App>,
    scope: TenantScope,
    Path((server, id)): At,
    Query(query): Query<InQuery>,
) -> Result<Response, Error> {
    look::content(&app, &scope, (Of::Server(server), id), query.path()).await
}

/// What to get back.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackupRestoreIn)]
pub struct RestoreIn {
    /// A volume, and a path in it.
    #[schema(max_length = 4096, example = "/data/folder")]
    path: String,
    /// What it is called then, in the root of its volume, where nothing has this name yet.
    #[schema(max_length = 100, example = "folder-restored")]
    name: String,
}

/// Get something back
///
/// It is put beside what is there, so this is safe while the server runs.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/backups/{backup}/restore", tag = "backups",
    params(("server_id" = ServerId, Path), ("backup" = BackupId, Path)), request_body = RestoreIn,
    responses((status = 202, description = "It will be there", body = RestoreOut)))]
pub async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): At,
    Json(wish): Json<RestoreIn>,
) -> Result<Response, Error> {
    let restore = actions::restore(&app, &scope, at, (&wish.path, &wish.name)).await?;
    Ok((StatusCode::ACCEPTED, Json(RestoreOut::from(restore))).into_response())
}
