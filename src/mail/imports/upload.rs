//! A file as it comes in: of a form, or as the body of a program's request.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, header};
use bytes::Bytes;
use multer::{Constraints, Multipart, SizeLimit};

use crate::platform::error::Error;

use super::model::MAX_BYTES;

/// What stands around the file in a form.
const FRAME: usize = 64 << 10;

/// A list that was sent.
#[derive(Debug)]
pub(super) struct Upload {
    /// What it is called.
    pub(super) name: String,
    /// Its bytes.
    pub(super) bytes: Bytes,
}

/// The file of a form. A form without one is told so at the field.
pub(super) async fn of_form(headers: &HeaderMap, body: Body) -> Result<Upload, Error> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    let boundary = multer::parse_boundary(kind.unwrap_or_default());
    let boundary = boundary.map_err(|_| Error::UnsupportedMediaType {
        expected: "multipart/form-data",
    })?;
    let most = u64::try_from(MAX_BYTES + FRAME).unwrap_or(u64::MAX);
    let limits = Constraints::new().size_limit(SizeLimit::new().whole_stream(most));
    let mut parts = Multipart::with_constraints(body.into_data_stream(), boundary, limits);
    while let Some(part) = parts.next_field().await.map_err(|error| refused(&error))? {
        if part.name() != Some("file") {
            continue;
        }
        let name = part.file_name().unwrap_or_default();
        // Some browsers send a path; only its end is a name here.
        let name = name.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(|error| refused(&error))?;
        if bytes.len() > MAX_BYTES {
            return Err(too_large());
        }
        if !bytes.is_empty() {
            return Ok(Upload { name, bytes });
        }
    }
    Err(Error::invalid("file", "Choose a file first."))
}

fn too_large() -> Error {
    let most = MAX_BYTES >> 20;
    Error::invalid("file", format!("The file is larger than {most} MiB. Split it."))
}

fn refused(error: &multer::Error) -> Error {
    match error {
        multer::Error::StreamSizeExceeded { .. } => too_large(),
        _ => Error::BadRequest {
            code: "bad-body",
            message: "The upload broke off".to_owned(),
        },
    }
}

/// The file as a body.
pub(super) async fn of_body(body: Body) -> Result<Bytes, Error> {
    to_bytes(body, MAX_BYTES).await.map_err(|_| Error::TooLarge)
}
