//! The content of files.

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};

use crate::drivers::engine::{Expected, FilePart};
use crate::platform::error::Error;
use crate::platform::web::Json;

use super::super::actions::{Files, Transfer};
use super::super::download;
use super::super::model::Item;
use super::super::query::PathQuery;
use super::outs::{FileOut, tag};

/// A file's bytes.
#[derive(utoipa::ToSchema)]
#[schema(value_type = String, format = Binary)]
pub struct Binary(#[expect(dead_code, reason = "only its schema is used")] Vec<u8>);

/// A file, to be saved.
pub(super) async fn read(files: &Files, query: &PathQuery) -> Result<Response, Error> {
    let path = query.path()?;
    let file = files.open(&path, FilePart::default()).await?;
    Ok(download::file(&path, file))
}

/// Gives a file the content that a body has.
pub(super) async fn write(
    files: &Files,
    query: &PathQuery,
    expected: Expected,
    body: Body,
) -> Result<Response, Error> {
    let path = query.path()?;
    let content = Transfer::new(body.into_data_stream());
    let item = files.write(&path, expected, content).await?;
    Ok(tagged(&item))
}

/// A folder as a tar.
pub(super) async fn archive(files: &Files, query: &PathQuery) -> Result<Response, Error> {
    let path = query.path()?;
    Ok(download::tar(&path, files.archive(&path).await?))
}

/// A file as an answer, with the tag of its content.
fn tagged(item: &Item) -> Response {
    let mut response = (StatusCode::OK, Json(FileOut::from(item))).into_response();
    if let Ok(value) = HeaderValue::from_str(&tag(item)) {
        response.headers_mut().insert(header::ETAG, value);
    }
    response
}
