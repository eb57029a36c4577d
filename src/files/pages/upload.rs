//! Uploads: a form with files for browsers without script, and pieces for those with.

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use multer::{Field, Multipart};
use serde::Serialize;

use crate::app::App;
use crate::drivers::engine::{Expected, VolumePath};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Json, Path, Query, SeeOther};

use super::super::actions::{Files, Saved, Transfer};
use super::super::model::Keeps;
use super::super::query::{Expectation, PathQuery, PieceQuery, upload_key};
use super::Frame;

/// The fields before the files are short.
const MAX_FIELD: usize = 16 * 1024;

/// Takes files one after the other, as they come. The fields `path` and `replace` come before them.
pub async fn form<I: Keeps>(
    state: State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, I)>,
    headers: HeaderMap,
    body: Body,
) -> Result<SeeOther, Error> {
    let frame = Frame::of(state, scope, id.into()).await?;
    let mut parts = Multipart::new(body.into_data_stream(), boundary(&headers)?);
    let (mut folder, mut expected) = (None, Expected::Nothing);
    let mut told = Told::default();
    while let Some(part) = parts.next_field().await.map_err(broken)? {
        match part.name().unwrap_or_default() {
            "path" => folder = VolumePath::parse(&short(part).await?).ok(),
            "replace" => expected = Expected::Anything,
            "file" => {
                let folder = folder.as_ref().ok_or(Error::NotFound)?;
                told.note(store(&frame, folder, &expected, part).await)?;
            }
            _ => {}
        }
    }
    let to = frame.href("", &folder.ok_or(Error::NotFound)?);
    Ok(told.say(SeeOther::to(to)))
}

/// What came of the files of a form: one that is refused does not keep the others away.
#[derive(Default)]
struct Told {
    stored: Vec<String>,
    refused: Vec<String>,
}

impl Told {
    fn note(&mut self, outcome: Result<Option<String>, (String, Error)>) -> Result<(), Error> {
        match outcome {
            Ok(name) => self.stored.extend(name),
            Err((_, error)) if error.status() >= 500 || error.code() == "bad-body" => return Err(error),
            Err((name, error)) => self
                .refused
                .push(format!("{name} was not uploaded. {}", error.sentence())),
        }
        Ok(())
    }

    fn say(self, to: SeeOther) -> SeeOther {
        let stored = match self.stored.as_slice() {
            [name] => format!("Uploaded {name}."),
            many => format!("Uploaded {} files.", many.len()),
        };
        match (self.stored.is_empty(), self.refused.first()) {
            (true, None) => to.warn("Choose files first: nothing was uploaded."),
            (false, None) => to.good(stored),
            (true, Some(first)) => to.bad(first),
            (false, Some(first)) => to.bad(format!("{stored} {first}")),
        }
    }
}

/// Stores a file of the form, and says its name; an empty field has none.
async fn store(
    frame: &Frame,
    folder: &VolumePath,
    expected: &Expected,
    part: Field<'static>,
) -> Result<Option<String>, (String, Error)> {
    let Some(name) = part.file_name().filter(|name| !name.is_empty()) else {
        return Ok(None);
    };
    let name = name.to_owned();
    // Some browsers send a path; only its end is a name here.
    let own = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let path = folder.join(own.as_bytes());
    let path = path.map_err(|error| (own.to_owned(), Error::conflict("bad-name", error.to_string())))?;
    let written = frame
        .files
        .write(&path, expected.clone(), Transfer::new(part))
        .await;
    match written {
        Ok(_) => Ok(Some(own.to_owned())),
        Err(error) => Err((own.to_owned(), error)),
    }
}

async fn short(mut part: Field<'static>) -> Result<String, Error> {
    let mut all: Vec<u8> = Vec::new();
    while let Some(piece) = part.chunk().await.map_err(broken)? {
        let piece: Bytes = piece;
        if all.len() + piece.len() > MAX_FIELD {
            return Err(Error::TooLarge);
        }
        all.extend_from_slice(&piece);
    }
    String::from_utf8(all).map_err(broken)
}

/// What stands between the parts of a form with files.
pub fn boundary(headers: &HeaderMap) -> Result<String, Error> {
    let kind = headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    multer::parse_boundary(kind.unwrap_or_default()).map_err(|_| Error::UnsupportedMediaType {
        expected: "multipart/form-data",
    })
}

/// What is told of a form that did not come whole.
pub fn broken(_: impl std::error::Error) -> Error {
    Error::BadRequest {
        code: "bad-body",
        message: "The upload broke off".to_owned(),
    }
}

/// How far an upload is, for the page's script.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub enum Progress {
    /// So many bytes are there, and whether that is all.
    At { offset: u64, is_whole: bool },
    /// It does not go on like this.
    Refused { code: &'static str, message: String },
}

/// An answer that the script understands; what only trying again can mend stays an error.
fn tell(progress: Result<(u64, bool), Error>) -> Result<Response, Error> {
    match progress {
        Ok((offset, is_whole)) => Ok(Json(Progress::At { offset, is_whole }).into_response()),
        Err(error) if error.status() < 500 => {
            let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::CONFLICT);
            let (code, message) = (error.code(), error.sentence());
            Ok((status, Json(Progress::Refused { code, message })).into_response())
        }
        Err(error) => Err(error),
    }
}

/// Tells the page's script from where to go on.
pub async fn offset<I: Keeps>(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, upload)): Path<(String, I, String)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let (path, upload) = (query.path()?, upload_key(&upload)?);
    let files = Files::of(&app, &scope, id.into()).await?;
    let offset = files.offset(&path, &upload).await;
    tell(offset.map(|offset| (offset, false)))
}

/// Takes a piece from the page's script.
pub async fn piece<I: Keeps>(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, upload)): Path<(String, I, String)>,
    (Query(piece), Expectation(expected)): (Query<PieceQuery>, Expectation),
    body: Body,
) -> Result<Response, Error> {
    let (path, piece) = (piece.path()?, piece.of(upload_key(&upload)?)?);
    let files = Files::of(&app, &scope, id.into()).await?;
    let content = Transfer::new(body.into_data_stream());
    let saved = files.write_piece(&path, expected, &piece, content).await;
    tell(saved.map(|saved| match saved {
        Saved::Part(offset) => (offset, false),
        Saved::Whole(_) => (piece.length, true),
    }))
}
