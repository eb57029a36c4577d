//! Downloads, and pictures to look at.

use axum::extract::State;
use axum::response::Response;
use futures_util::{StreamExt as _, stream};

use crate::app::App;
use crate::drivers::engine::FilePart;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Path, Query};

use super::super::actions::Files;
use super::super::download;
use super::super::model::{ImageKind, Keeps};
use super::super::query::PathQuery;

/// A file, to be saved.
pub async fn content<I: Keeps>(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, I)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let path = query.path()?;
    let files = Files::of(&app, &scope, id.into()).await?;
    let file = files.open(&path, FilePart::default()).await?;
    Ok(download::file(&path, file))
}

/// A picture, by what is in it; anything else is not found here.
pub async fn picture<I: Keeps>(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, I)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let files = Files::of(&app, &scope, id.into()).await?;
    let mut file = files.open(&query.path()?, FilePart::default()).await?;
    let first = file.content.next().await.transpose();
    let first = first.map_err(|error| Error::Unavailable(error.into()))?;
    let kind = first.as_deref().and_then(ImageKind::of).ok_or(Error::NotFound)?;
    file.content = stream::iter(first.map(Ok)).chain(file.content).boxed();
    Ok(download::picture(kind, file))
}

/// A folder as a tar.
pub async fn archive<I: Keeps>(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, I)>,
    Query(query): Query<PathQuery>,
) -> Result<Response, Error> {
    let path = query.path()?;
    let files = Files::of(&app, &scope, id.into()).await?;
    Ok(download::tar(&path, files.archive(&path).await?))
}
