//! Backups of the organisation's own volumes, for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, OperationId, VolumeId};
use crate::platform::web::{Json, Path, Query, Routes, operation};
use crate::volumes;

use super::super::model::{Of, SHOWN, State as How, VolumeFill};
use super::super::{actions, look, store};
use super::{BackupBinary, BackupEntryOut, BackupOut, InQuery, RestoreIn, RestoreOut};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::BackupRead), Rule::Tenant(P::BackupWrite));
    Routes::new()
        .api(read, operation!(list_of_volume))
        .api(write, operation!(create_of_volume))
        .api(read, operation!(show_of_volume))
        .api(write, operation!(delete_of_volume))
        .api(read, operation!(entries_of_volume))
        .api(read, operation!(content_of_volume))
        .api(write, operation!(restore_in_volume))
        .api(Rule::Tenant(P::VolumeWrite), operation!(into_volume))
}

/// A volume that was made from a backup.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackupVolumeOut)]
pub struct MadeOut {
    /// The volume; null once it is gone, as one that could not be filled is.
    #[schema(value_type = Option<String>, example = "vol_01h455vb4pex5vsknk084sn02q")]
    volume_id: Option<VolumeId>,
    /// What it was called when it was made.
    name: String,
    /// How far its filling is.
    state: How,
    /// Why it was not filled.
    error: Option<String>,
}

impl From<VolumeFill> for MadeOut {
    fn from(fill: VolumeFill) -> Self {
        Self {
            volume_id: fill.volume,
            name: fill.name,
            state: fill.state,
            error: fill.error,
        }
    }
}

type At = Path<(VolumeId, BackupId)>;

/// List a volume's backups
///
/// Newest first; there are at most 60.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/backups", tag = "backups",
    params(("volume_id" = VolumeId, Path)),
    responses((status = 200, description = "The backups", body = Vec<BackupOut>)))]
pub async fn list_of_volume(
    scope: TenantScope,
    Path(volume): Path<VolumeId>,
) -> Result<Json<Vec<BackupOut>>, Error> {
    let mut tx = scope.begin().await?;
    volumes::find(&mut tx, volume).await?;
    let all = store::list(&mut tx, Of::Volume(volume)).await?;
    Ok(Json(all.into_iter().map(BackupOut::from).collect()))
}

/// Back a volume up
///
/// What is in it is saved, whether servers use it or not. Only what no backup of the organisation has yet takes room.
#[utoipa::path(post, path = "/api/v1/volumes/{volume_id}/backups", tag = "backups",
    params(("volume_id" = VolumeId, Path)),
    responses((status = 202, description = "The backup, which is yet to be made", body = BackupOut)))]
pub async fn create_of_volume(
    State(app): State<App>,
    scope: TenantScope,
    Path(volume): Path<VolumeId>,
) -> Result<Response, Error> {
    let backup = actions::create_of_volume(&app, &scope, volume).await?;
    Ok((StatusCode::ACCEPTED, Json(BackupOut::from(backup))).into_response())
}

/// Show a volume's backup
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/backups/{backup}", tag = "backups",
    params(("volume_id" = VolumeId, Path), ("backup" = BackupId, Path)),
    responses((status = 200, description = "The backup", body = BackupOut)))]
pub async fn show_of_volume(scope: TenantScope, Path(at): At) -> Result<Json<BackupOut>, Error> {
    let mut tx = scope.begin().await?;
    let backup = actions::find_volumes(&mut tx, at).await?;
    let restores = store::restores(&mut tx, backup.id, SHOWN).await?;
    let made = store::fills(&mut tx, backup.id, SHOWN).await?;
    let mut out = BackupOut::from(backup);
    out.restores = restores.into_iter().map(RestoreOut::from).collect();
    out.volumes = made.into_iter().map(MadeOut::from).collect();
    Ok(Json(out))
}

/// Delete a volume's backup
///
/// It and the data that only it has are removed.
#[utoipa::path(delete, path = "/api/v1/volumes/{volume_id}/backups/{backup}", tag = "backups",
    params(("volume_id" = VolumeId, Path), ("backup" = BackupId, Path)),
    responses((status = 204, description = "It is being removed")))]
pub async fn delete_of_volume(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): At,
) -> Result<StatusCode, Error> {
    actions::delete_of_volume(&app, &scope, at).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List a folder of a volume's backup
///
/// By name; the first 2,000. Every path begins with `/data`, as in the volume's files.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/backups/{backup}/entries", tag = "backups",
    params(("volume_id" = VolumeId, Path), ("backup" = BackupId, Path), InQuery),
    responses((status = 200, description = "What is in it", body = Vec<BackupEntryOut>)))]
pub async fn entries_of_volume(
    State(app): State<App>,
    scope: TenantScope,
    Path((volume, id)): At,
    Query(query): Query<InQuery>,
) -> Result<Json<Vec<BackupEntryOut>>, Error> {
    let at = (Of::Volume(volume), id);
    let (entries, _) = look::entries(&app, &scope, at, query.path()).await?;
    Ok(Json(entries.into_iter().map(BackupEntryOut::from).collect()))
}

/// Download from a volume's backup
///
/// A file as it was; of a folder, a tar.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/backups/{backup}/content", tag = "backups",
    params(("volume_id" = VolumeId, Path), ("backup" = BackupId, Path), InQuery),
    responses((status = 200, description = "The bytes", body = BackupBinary, content_type = "application/octet-stream")))]
pub async fn content_of_volume(
    State(app): State<App>,
    scope: TenantScope,
    Path((volume, id)): At,
    Query(query): Query<InQuery>,
) -> Result<Response, Error> {
    look::content(&app, &scope, (Of::Volume(volume), id), query.path()).await
}

/// Get something back into a volume
///
/// It is put beside what is there, so this is safe while servers use the volume.
#[utoipa::path(post, path = "/api/v1/volumes/{volume_id}/backups/{backup}/restore", tag = "backups",
    params(("volume_id" = VolumeId, Path), ("backup" = BackupId, Path)), request_body = RestoreIn,
    responses((status = 202, description = "It will be there", body = RestoreOut)))]
pub async fn restore_in_volume(
    State(app): State<App>,
    scope: TenantScope,
    Path(at): At,
    Json(wish): Json<RestoreIn>,
) -> Result<Response, Error> {
    let restore = actions::restore_in_volume(&app, &scope, at, (&wish.path, &wish.name)).await?;
    Ok((StatusCode::ACCEPTED, Json(RestoreOut::from(restore))).into_response())
}

/// The volume that a backup becomes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = BackupVolumeIn)]
pub struct MadeIn {
    /// What people call it; unique in the organisation.
    #[schema(example = "media (then)", min_length = 1, max_length = 63)]
    name: String,
    /// What it may hold, in MiB: as much as the first one could when it was backed up, which is the default, or more.
    #[schema(example = 10240, minimum = 16, maximum = 67_108_864)]
    size_mib: Option<i64>,
}

/// A volume that is made from a backup.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BackupVolumeAskedOut)]
pub struct AskedOut {
    /// The new volume.
    #[schema(value_type = String, example = "vol_01h455vb4pex5vsknk084sn02q")]
    volume_id: VolumeId,
    /// What it is called.
    name: String,
    /// The work.
    #[schema(value_type = Option<String>, example = "opn_01h455vb4pex5vsknk084sn02q")]
    operation_id: Option<OperationId>,
}

/// Make a volume from a backup
///
/// A new one, which holds what the backup of a volume does; the first one goes on, or is gone. It can be attached when it is filled. If it
/// can't be filled, the operation fails and the new one goes. Needs `backups:write` too.
#[utoipa::path(post, path = "/api/v1/backups/{backup}/volume", tag = "backups",
    params(("backup" = BackupId, Path)), request_body = MadeIn,
    responses((status = 202, description = "The new volume and the work", body = AskedOut)))]
pub async fn into_volume(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<BackupId>,
    Json(new): Json<MadeIn>,
) -> Result<Response, Error> {
    let wanted = (new.name.as_str(), new.size_mib.map(Ok));
    let asked = actions::into_volume(&app, &scope, id, wanted).await?;
    let operation_id = asked.operation.map(|operation| operation.id);
    let out = AskedOut {
        volume_id: asked.volume.id,
        name: asked.volume.name,
        operation_id,
    };
    let answer = (StatusCode::ACCEPTED, Json(out));
    Ok(match operation_id {
        Some(id) => ([("location", format!("/api/v1/operations/{id}"))], answer).into_response(),
        None => answer.into_response(),
    })
}
