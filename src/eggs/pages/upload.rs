//! What the first form sends: a file, or text in its place.

use axum::extract::multipart::MultipartError;
use axum::extract::{FromRequest as _, Multipart, Request};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;

use crate::platform::error::Error;
use crate::platform::web::FormData;

/// What was sent: a file, or text in its place.
pub(super) struct Upload {
    pub(super) text: String,
    /// The egg that gets a new version.
    pub(super) name: String,
}

/// Reads it.
pub(super) async fn upload(request: Request) -> Result<Upload, Error> {
    let kind = request
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok());
    if !kind.is_some_and(|kind| kind.starts_with("multipart/form-data")) {
        let form = FormData::from_request(request, &()).await?;
        return Ok(Upload {
            text: form.get("egg").to_owned(),
            name: form.get("name").to_owned(),
        });
    }
    let mut parts = Multipart::from_request(request, &())
        .await
        .map_err(|_| unreadable())?;
    let (mut file, mut pasted, mut name) = (String::new(), String::new(), String::new());
    while let Some(part) = parts.next_field().await.map_err(|error| too_large(&error))? {
        let field = part.name().unwrap_or_default().to_owned();
        let bytes = part.bytes().await.map_err(|error| too_large(&error))?;
        let text = String::from_utf8(bytes.into())
            .map_err(|_| Error::invalid("file", "The file is no text, so it is no egg."))?;
        match &*field {
            "file" => file = text,
            "egg" => pasted = text,
            "name" => name = text,
            _ => {}
        }
    }
    let text = if file.trim().is_empty() { pasted } else { file };
    Ok(Upload { text, name })
}

fn unreadable() -> Error {
    Error::BadRequest {
        code: "bad-form",
        message: "The form could not be read.".to_owned(),
    }
}

fn too_large(error: &MultipartError) -> Error {
    if error.status() == StatusCode::PAYLOAD_TOO_LARGE {
        Error::TooLarge
    } else {
        unreadable()
    }
}
