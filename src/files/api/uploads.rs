//! Uploads that survive a broken connection: pieces, each with its offset.

use axum::body::Body;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Json, Path, Query};

use super::super::actions::{Saved, ServerFiles, Transfer};
use super::super::query::{Expectation, PathQuery, PieceQuery, upload_key};
use super::content::Binary;
use super::outs::FileOut;

/// How far an upload is.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadOut {
    /// So many bytes are there.
    offset: u64,
    /// The file, when it is whole.
    file: Option<FileOut>,
}

/// See how far an upload is
///
/// The upload's name is yours to choose: 16 to 64 characters of `a-z` and `0-9`, another one for every file. One that was
/// not begun is at 0.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/files/uploads/{upload}", tag = "files",
    params(("server_id" = ServerId, Path), ("upload" = String, Path, pattern = "^[a-z0-9]{16,64}$"), PathQuery),
    responses((status = 200, description = "How far it is", body = UploadOut)))]
pub async fn offset(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, upload)): Path<(ServerId, String)>,
    Query(query): Query<PathQuery>,
) -> Result<Json<UploadOut>, Error> {
    let (path, upload) = (query.path()?, upload_key(&upload)?);
    let files = ServerFiles::of(&app, &scope, id).await?;
    let offset = files.offset(&path, &upload).await?;
    Ok(Json(UploadOut { offset, file: None }))
}

/// Upload a piece of a file
///
/// The body is the piece. With the last one the file gets its content in one step; until then what was there stays. What came
/// of a piece that was cut off counts: ask for the offset and go on from there. An upload that nobody goes on with is forgotten
/// after a day. `If-None-Match` and `If-Match` as for writing.
#[utoipa::path(patch, path = "/api/v1/servers/{server_id}/files/uploads/{upload}", tag = "files",
    params(("server_id" = ServerId, Path), ("upload" = String, Path, pattern = "^[a-z0-9]{16,64}$"), PieceQuery),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 200, description = "How far it is now", body = UploadOut)))]
pub async fn append(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, upload)): Path<(ServerId, String)>,
    Query(piece): Query<PieceQuery>,
    Expectation(expected): Expectation,
    body: Body,
) -> Result<Response, Error> {
    let path = piece.path()?;
    let piece = piece.of(upload_key(&upload)?)?;
    let files = ServerFiles::of(&app, &scope, id).await?;
    let content = Transfer::new(body.into_data_stream());
    let saved = files.write_piece(&path, expected, &piece, content).await?;
    let out = match saved {
        Saved::Part(offset) => UploadOut { offset, file: None },
        Saved::Whole(item) => UploadOut {
            offset: piece.length,
            file: Some(FileOut::from(&item)),
        },
    };
    Ok(Json(out).into_response())
}

/// Give an upload up
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/files/uploads/{upload}", tag = "files",
    params(("server_id" = ServerId, Path), ("upload" = String, Path, pattern = "^[a-z0-9]{16,64}$"), PathQuery),
    responses((status = 204, description = "Nothing of it is left")))]
pub async fn discard(
    State(app): State<App>,
    scope: TenantScope,
    Path((id, upload)): Path<(ServerId, String)>,
    Query(query): Query<PathQuery>,
) -> Result<StatusCode, Error> {
    let (path, upload) = (query.path()?, upload_key(&upload)?);
    let files = ServerFiles::of(&app, &scope, id).await?;
    files.discard(&path, &upload).await?;
    Ok(StatusCode::NO_CONTENT)
}
