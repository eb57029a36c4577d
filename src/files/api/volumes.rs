//! The operations for the files of a volume of the tenant's own: those of a server's files, at the volume's address.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::VolumeId;
use crate::platform::web::{Json, ListOut, PageQuery, Path, Query};

use super::super::actions::Files;
use super::super::query::{Expectation, PathQuery, PieceQuery};
use super::content::{self, Binary};
use super::entries::{self, FilePatch, FolderIn};
use super::outs::FileOut;
use super::uploads::{self, UploadOut};

/// List a folder
///
/// Folders first, then by name. Every path in the volume begins with `/data`, whatever the volume is called and wherever servers
/// have it; without `path`, or with `/`, only that is listed.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/files", tag = "files",
    params(("volume_id" = VolumeId, Path), PathQuery, PageQuery),
    responses((status = 200, description = "A page of the folder", body = ListOut<FileOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Query(query): Query<PathQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    entries::list(&files, &query, page).await
}

/// Make a folder
#[utoipa::path(post, path = "/api/v1/volumes/{volume_id}/files/folders", tag = "files",
    params(("volume_id" = VolumeId, Path)), request_body = FolderIn,
    responses((status = 201, description = "The folder", body = FileOut)))]
pub async fn make_folder(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Json(new): Json<FolderIn>,
) -> Result<Response, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    entries::make_folder(&files, &new).await
}

/// Move a file or folder, or change its mode
#[utoipa::path(patch, path = "/api/v1/volumes/{volume_id}/files", tag = "files",
    params(("volume_id" = VolumeId, Path), PathQuery), request_body = FilePatch,
    responses((status = 200, description = "Where it is now", body = FileOut)))]
pub async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Query(query): Query<PathQuery>,
    Json(patch): Json<FilePatch>,
) -> Result<Json<FileOut>, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    entries::change(&files, &query, &patch).await
}

/// Delete a file or folder
///
/// A folder goes with all that is in it.
#[utoipa::path(delete, path = "/api/v1/volumes/{volume_id}/files", tag = "files",
    params(("volume_id" = VolumeId, Path), PathQuery), responses((status = 204, description = "It is gone")))]
pub async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Query(query): Query<PathQuery>,
) -> Result<StatusCode, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    entries::delete(&files, &query).await
}

/// Read a file
///
/// Its `ETag` can be sent back as `If-Match` when writing.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/files/content", tag = "files",
    params(("volume_id" = VolumeId, Path), PathQuery),
    responses((status = 200, description = "The file's bytes", body = Binary, content_type = "application/octet-stream")))]
pub async fn read(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    content::read(&files, &query).await
}

/// Write a file
///
/// The body is the whole content, of any type and of any length up to the installation's limit. The file gets it in one step
/// when all has come; if it is cut off, what was there stays. `If-None-Match: *` makes new files only, `If-Match` replaces
/// the version that was read; without them whatever is there is replaced.
#[utoipa::path(put, path = "/api/v1/volumes/{volume_id}/files/content", tag = "files",
    params(("volume_id" = VolumeId, Path), PathQuery),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 200, description = "The file", body = FileOut)))]
pub async fn write(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Query(query): Query<PathQuery>,
    Expectation(expected): Expectation,
    body: Body,
) -> Result<Response, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    content::write(&files, &query, expected, body).await
}

/// Download a folder
///
/// As a tar of GNU's format. Links are links in it; sockets, pipes and devices are left out. Written into the audit log.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/files/archive", tag = "files",
    params(("volume_id" = VolumeId, Path), PathQuery),
    responses((status = 200, description = "The tar", body = Binary, content_type = "application/x-tar")))]
pub async fn archive(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<VolumeId>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    content::archive(&files, &query).await
}

/// See how far an upload is
///
/// The upload's name is yours to choose: 16 to 64 characters of `a-z` and `0-9`, another one for every file. One that was
/// not begun is at 0.
#[utoipa::path(get, path = "/api/v1/volumes/{volume_id}/files/uploads/{upload}", tag = "files",
    params(("volume_id" = VolumeId, Path), ("upload" = String, Path, pattern = "^[a-z0-9]{16,64}$"), PathQuery),
    responses((status = 200, description = "How far it is", body = UploadOut)))]
pub async fn offset(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, upload)): Path<(VolumeId, String)>,
    Query(query): Query<PathQuery>,
) -> Result<Json<UploadOut>, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    uploads::offset(&files, &query, &upload).await
}

/// Upload a piece of a file
///
/// The body is the piece. With the last one the file gets its content in one step; until then what was there stays. What came
/// of a piece that was cut off counts: ask for the offset and go on from there. An upload that nobody goes on with is forgotten
/// after a day. `If-None-Match` and `If-Match` as for writing.
#[utoipa::path(patch, path = "/api/v1/volumes/{volume_id}/files/uploads/{upload}", tag = "files",
    params(("volume_id" = VolumeId, Path), ("upload" = String, Path, pattern = "^[a-z0-9]{16,64}$"), PieceQuery),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 200, description = "How far it is now", body = UploadOut)))]
pub async fn append(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, upload)): Path<(VolumeId, String)>,
    Query(piece): Query<PieceQuery>,
    Expectation(expected): Expectation,
    body: Body,
) -> Result<Json<UploadOut>, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    uploads::append(&files, (&upload, &piece), expected, body).await
}

/// Give an upload up
#[utoipa::path(delete, path = "/api/v1/volumes/{volume_id}/files/uploads/{upload}", tag = "files",
    params(("volume_id" = VolumeId, Path), ("upload" = String, Path, pattern = "^[a-z0-9]{16,64}$"), PathQuery),
    responses((status = 204, description = "Nothing of it is left")))]
pub async fn discard(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, upload)): Path<(VolumeId, String)>,
    Query(query): Query<PathQuery>,
) -> Result<StatusCode, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    uploads::discard(&files, &query, &upload).await?;
    Ok(StatusCode::NO_CONTENT)
}
