//! What pages and the API are asked alike: which place, which version, which piece.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::header;
use axum::http::request::Parts;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::drivers::engine::{Expected, UploadKey, VolumePath};
use crate::platform::error::{Error, FieldErrors};

use super::actions::Piece;
use super::model::Place;

/// Which file or folder.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PathQuery {
    /// `/volume/folder/name`. In it `%`, control characters and bytes that are not UTF-8 are written as `%` and two
    /// hexadecimal digits, as in the `path` of answers.
    #[param(example = "/site/index.html")]
    path: Option<String>,
}

impl PathQuery {
    /// The top, or a place.
    pub fn place(&self) -> Result<Place, Error> {
        let text = self.path.as_deref().unwrap_or_default();
        Place::parse(text).map_err(|error| Error::invalid("path", error.to_string()))
    }

    /// A place in a volume; there are no files at the top.
    pub fn path(&self) -> Result<VolumePath, Error> {
        self.place()?.path().ok_or(Error::NotFound)
    }
}

/// Where a piece belongs.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PieceQuery {
    /// The file, as for reading it.
    #[param(example = "/site/index.html")]
    path: Option<String>,
    /// Where it begins: exactly so many bytes are there already.
    #[param(required = true, value_type = u64)]
    offset: Option<u64>,
    /// How many bytes the whole file has.
    #[param(required = true, value_type = u64)]
    length: Option<u64>,
}

impl PieceQuery {
    /// The file.
    pub fn path(&self) -> Result<VolumePath, Error> {
        let path = self.path.clone();
        PathQuery { path }.path()
    }

    /// The piece of an upload.
    pub fn of(&self, upload: UploadKey) -> Result<Piece, Error> {
        let mut errors = FieldErrors::default();
        let offset = errors.check("offset", self.offset.ok_or("Say where the piece begins."));
        let length = errors.check("length", self.length.ok_or("Say how long the whole file is."));
        match (offset, length) {
            (Some(offset), Some(length)) => Ok(Piece {
                upload,
                offset,
                length,
            }),
            _ => Err(errors.into()),
        }
    }
}

/// The name that whoever uploads gave to an upload.
pub fn upload_key(text: &str) -> Result<UploadKey, Error> {
    UploadKey::new(text).ok_or(Error::NotFound)
}

/// What a file to be written must be now, by `If-Match` and `If-None-Match` (RFC 9110, 13.1).
#[derive(Debug, Clone)]
pub struct Expectation(pub Expected);

impl<S: Send + Sync> FromRequestParts<S> for Expectation {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        let text = |name| {
            parts
                .headers
                .get(name)
                .map(|value| value.to_str().unwrap_or_default().trim())
        };
        Ok(Self(
            match (text(header::IF_NONE_MATCH), text(header::IF_MATCH)) {
                (Some("*"), _) => Expected::Nothing,
                // A tag that we never gave is of no version that there is; the helper takes it as one word.
                (_, Some(tag)) if tag != "*" => Expected::Version(plain(tag)),
                _ => Expected::Anything,
            },
        ))
    }
}

/// A version without its quotes, and without what no version of ours has in it.
pub fn plain(tag: &str) -> String {
    let is_plain = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.');
    let version: String = tag.trim_matches('"').chars().filter(is_plain).collect();
    if version.is_empty() {
        "none".to_owned()
    } else {
        version
    }
}
