//! Folders and what is in them.

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::drivers::engine::{Rank, VolumePath};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Cursor, Json, ListQuery, Listing, PageQuery};

use super::super::actions::Files;
use super::super::model::{Mode, Place};
use super::super::query::PathQuery;
use super::outs::FileOut;

/// A page of a folder; at the top, the volumes.
pub(super) async fn list(files: &Files, query: &PathQuery, page: PageQuery) -> Result<Response, Error> {
    let page = ListQuery::from(page);
    let after: Option<Rank> = Cursor::decode(page.after.as_deref())?;
    let limit = page.limit()?;
    let Place::In(folder) = query.place()? else {
        let all = files.volumes.iter().map(FileOut::from).collect();
        let top = Listing {
            items: all,
            next: None,
        };
        return Ok(top.json(&page));
    };
    let items = files.list(&folder, after, limit + 1).await?;
    let listing = Listing::new(items, &page, |item| Rank::of(&item.entry))?;
    let kept = [("path", folder.to_string()), ("limit", limit.to_string())];
    Ok(listing.map(|item| FileOut::from(&item)).json(&kept))
}

/// A folder to be made.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FolderIn {
    /// Where. The folder above must be there.
    #[schema(example = "/site/images")]
    path: String,
}

/// Makes a folder.
pub(super) async fn make_folder(files: &Files, new: &FolderIn) -> Result<Response, Error> {
    let path = VolumePath::parse(&new.path).map_err(|error| Error::invalid("path", error.to_string()))?;
    files.make_folder(&path).await?;
    let made = files.find(&path).await?;
    Ok((StatusCode::CREATED, Json(FileOut::from(&made))).into_response())
}

/// What changes about a file or folder; what is absent stays.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct FilePatch {
    /// Its new place in the same volume, where nothing is yet.
    #[schema(example = "/site/old/index.html")]
    path: Option<String>,
    /// Its permission bits: three octal digits.
    #[schema(example = "644")]
    mode: Option<String>,
}

/// Gives an entry another place or mode.
pub(super) async fn change(
    files: &Files,
    query: &PathQuery,
    patch: &FilePatch,
) -> Result<Json<FileOut>, Error> {
    let mut errors = FieldErrors::default();
    let to = patch.path.as_deref().map(VolumePath::parse).transpose();
    let to = errors.check("path", to).flatten();
    let mode = patch.mode.as_deref().map(Mode::parse).transpose();
    let mode = errors.check("mode", mode).flatten();
    errors.into_result()?;
    let item = files.alter(&query.path()?, to.as_ref(), mode).await?;
    Ok(Json(FileOut::from(&item)))
}

/// Deletes an entry.
pub(super) async fn delete(files: &Files, query: &PathQuery) -> Result<StatusCode, Error> {
    files.delete(&query.path()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
