//! Uploads that survive a broken connection: pieces, each with its offset.

use axum::body::Body;
use serde::Serialize;
use utoipa::ToSchema;

use crate::drivers::engine::Expected;
use crate::platform::error::Error;
use crate::platform::web::Json;

use super::super::actions::{Files, Saved, Transfer};
use super::super::query::{PathQuery, PieceQuery, upload_key};
use super::outs::FileOut;

/// How far an upload is.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadOut {
    /// So many bytes are there.
    offset: u64,
    /// The file, when it is whole.
    file: Option<FileOut>,
}

/// How far an upload is.
pub(super) async fn offset(files: &Files, query: &PathQuery, upload: &str) -> Result<Json<UploadOut>, Error> {
    let (path, upload) = (query.path()?, upload_key(upload)?);
    let offset = files.offset(&path, &upload).await?;
    Ok(Json(UploadOut { offset, file: None }))
}

/// Adds a body to an upload.
pub(super) async fn append(
    files: &Files,
    (upload, query): (&str, &PieceQuery),
    expected: Expected,
    body: Body,
) -> Result<Json<UploadOut>, Error> {
    let path = query.path()?;
    let piece = query.of(upload_key(upload)?)?;
    let content = Transfer::new(body.into_data_stream());
    let saved = files.write_piece(&path, expected, &piece, content).await?;
    Ok(Json(match saved {
        Saved::Part(offset) => UploadOut { offset, file: None },
        Saved::Whole(item) => UploadOut {
            offset: piece.length,
            file: Some(FileOut::from(&item)),
        },
    }))
}

/// Forgets an upload.
pub(super) async fn discard(files: &Files, query: &PathQuery, upload: &str) -> Result<(), Error> {
    let (path, upload) = (query.path()?, upload_key(upload)?);
    files.discard(&path, &upload).await
}
