//! Folders and what is in them.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::drivers::engine::{Rank, VolumePath};
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;
use crate::platform::web::{Cursor, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query};

use super::super::actions::ServerFiles;
use super::super::model::{Mode, Place};
use super::super::query::PathQuery;
use super::outs::FileOut;

/// List a folder
///
/// Folders first, then by name. Without `path`, or with `/`, the server's volumes.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/files", tag = "files",
    params(("server_id" = ServerId, Path), PathQuery, PageQuery),
    responses((status = 200, description = "A page of the folder", body = ListOut<FileOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PathQuery>,
    Query(page): Query<PageQuery>,
) -> Result<Response, Error> {
    let page = ListQuery::from(page);
    let after: Option<Rank> = Cursor::decode(page.after.as_deref())?;
    let limit = page.limit()?;
    let files = ServerFiles::of(&app, &scope, id).await?;
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

/// Make a folder
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/files/folders", tag = "files",
    params(("server_id" = ServerId, Path)), request_body = FolderIn,
    responses((status = 201, description = "The folder", body = FileOut)))]
pub async fn make_folder(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Json(new): Json<FolderIn>,
) -> Result<Response, Error> {
    let path = VolumePath::parse(&new.path).map_err(|error| Error::invalid("path", error.to_string()))?;
    let files = ServerFiles::of(&app, &scope, id).await?;
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

/// Move a file or folder, or change its mode
#[utoipa::path(patch, path = "/api/v1/servers/{server_id}/files", tag = "files",
    params(("server_id" = ServerId, Path), PathQuery), request_body = FilePatch,
    responses((status = 200, description = "Where it is now", body = FileOut)))]
pub async fn change(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PathQuery>,
    Json(patch): Json<FilePatch>,
) -> Result<Json<FileOut>, Error> {
    let mut errors = FieldErrors::default();
    let to = patch.path.as_deref().map(VolumePath::parse).transpose();
    let to = errors.check("path", to).flatten();
    let mode = patch.mode.as_deref().map(Mode::parse).transpose();
    let mode = errors.check("mode", mode).flatten();
    errors.into_result()?;
    let files = ServerFiles::of(&app, &scope, id).await?;
    let item = files.alter(&query.path()?, to.as_ref(), mode).await?;
    Ok(Json(FileOut::from(&item)))
}

/// Delete a file or folder
///
/// A folder goes with all that is in it.
#[utoipa::path(delete, path = "/api/v1/servers/{server_id}/files", tag = "files",
    params(("server_id" = ServerId, Path), PathQuery), responses((status = 204, description = "It is gone")))]
pub async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PathQuery>,
) -> Result<StatusCode, Error> {
    let files = ServerFiles::of(&app, &scope, id).await?;
    files.delete(&query.path()?).await?;
    Ok(StatusCode::NO_CONTENT)
}
