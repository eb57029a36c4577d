//! The content of files.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::drivers::engine::FilePart;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Json, Path, Query};

use super::super::actions::{ServerFiles, Transfer};
use super::super::download;
use super::super::model::Item;
use super::super::query::{Expectation, PathQuery};
use super::outs::{FileOut, tag};

/// A file's bytes.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(#[expect(dead_code, reason = "only its schema is used")] Vec<u8>);

/// Read a file
///
/// Its `ETag` can be sent back as `If-Match` when writing.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/files/content", tag = "files",
    params(("server_id" = ServerId, Path), PathQuery),
    responses((status = 200, description = "The file's bytes", body = Binary, content_type = "application/octet-stream")))]
pub async fn read(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let path = query.path()?;
    let files = ServerFiles::of(&app, &scope, id).await?;
    let file = files.open(&path, FilePart::default()).await?;
    Ok(download::file(&path, file))
}

/// Write a file
///
/// The body is the whole content, of any type and of any length up to the installation's limit. The file gets it in one step
/// when all has come; if it is cut off, what was there stays. `If-None-Match: *` makes new files only, `If-Match` replaces
/// the version that was read; without them whatever is there is replaced.
#[utoipa::path(put, path = "/api/v1/servers/{server_id}/files/content", tag = "files",
    params(("server_id" = ServerId, Path), PathQuery),
    request_body(content = Binary, content_type = "application/octet-stream"),
    responses((status = 200, description = "The file", body = FileOut)))]
pub async fn write(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PathQuery>,
    Expectation(expected): Expectation,
    body: Body,
) -> Result<Response, Error> {
    let path = query.path()?;
    let files = ServerFiles::of(&app, &scope, id).await?;
    let content = Transfer::new(body.into_data_stream());
    let item = files.write(&path, expected, content).await?;
    Ok(tagged(&item))
}

/// Download a folder
///
/// As a tar of GNU's format. Links are links in it; sockets, pipes and devices are left out. Written into the audit log.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/files/archive", tag = "files",
    params(("server_id" = ServerId, Path), PathQuery),
    responses((status = 200, description = "The tar", body = Binary, content_type = "application/x-tar")))]
pub async fn archive(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let path = query.path()?;
    let files = ServerFiles::of(&app, &scope, id).await?;
    Ok(download::tar(&path, files.archive(&path).await?))
}

/// A file as an answer, with the tag of its content.
pub(super) fn tagged(item: &Item) -> Response {
    let mut response = (StatusCode::OK, Json(FileOut::from(item))).into_response();
    if let Ok(value) = HeaderValue::from_str(&tag(item)) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
