//! Eggs for the provider's programs: the same actions as the pages.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission, Rule, StaffScope};
use crate::platform::error::Error;
use crate::platform::web::{Json, Path, Routes, operation};

use super::actions::{self, Import};
use super::model::{Egg, Install, Note, Stop};
use super::store::{self, EggRow};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Staff(Permission::StaffCatalogueRead);
    let manage = Rule::Staff(Permission::StaffCatalogueManage);
    Routes::new()
        .api(read, operation!(list))
        .api(read, operation!(show))
        .api(manage, operation!(preview))
        .api(manage, operation!(import))
        .api(manage, operation!(update))
        .api(manage, operation!(change))
        .api(manage, operation!(remove))
}

/// An egg to be imported.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EggIn {
    /// The file: its text, or the object that it holds. Only its text tells which of several images is the first.
    #[schema(value_type = Object)]
    egg: Value,
    /// Its name in addresses; made of its title if absent. A new version keeps the name.
    name: Option<String>,
    /// The shelf: `web`, `database`, `system`, `files`, `communication`, `printing`, `commerce`, `application` or `game`.
    category: Option<String>,
    /// Images to use instead of those that it names, by those.
    #[serde(default)]
    images: BTreeMap<String, String>,
}

impl From<EggIn> for Import {
    fn from(given: EggIn) -> Self {
        let text = match given.egg {
            Value::String(text) => text,
            other => other.to_string(),
        };
        Self {
            text,
            name: given.name.unwrap_or_default(),
            category: given.category.unwrap_or_default(),
            images: given.images,
        }
    }
}

/// What changes about an egg.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EggPatch {
    /// Whether customers can make servers of it.
    enabled: bool,
}

/// An egg in the list.
#[derive(Debug, Serialize, ToSchema)]
pub struct EggOut {
    /// Its name in addresses, and the template's.
    name: String,
    /// What people call it.
    title: String,
    /// The shelf.
    category: String,
    /// Whether customers can make servers of it.
    enabled: bool,
    /// The newest version.
    version: i32,
    /// How many servers use it, of whatever version.
    servers: i64,
    /// When it was last changed.
    updated_at: DateTime<Utc>,
}

impl From<EggRow> for EggOut {
    fn from(row: EggRow) -> Self {
        Self {
            name: row.name,
            title: row.title,
            category: row.category,
            enabled: row.is_enabled,
            version: row.newest,
            servers: row.servers,
            updated_at: row.updated_at,
        }
    }
}

/// What an egg is, as it was read.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReadOut {
    /// What people call it.
    title: String,
    /// Who wrote it.
    author: String,
    /// The word for its format.
    #[schema(example = "PTDL_v2")]
    format: String,
    /// The command.
    startup: String,
    /// How it is asked to end: a signal, or the line that is written to its standard input.
    stop: StopOut,
    /// The images that servers run in, by what people call them.
    images: BTreeMap<String, String>,
    /// The image that the install script runs in, if there is a script.
    install_image: Option<String>,
    /// The keys of the variables that customers answer.
    variables: Vec<String>,
    /// The files that are edited before a start.
    files: Vec<String>,
    /// What became of what does not fit, the worst first.
    report: Vec<Note>,
}

/// How a server is asked to end; one of the two.
#[derive(Debug, Serialize, ToSchema)]
pub struct StopOut {
    /// The signal.
    signal: Option<&'static str>,
    /// The line.
    input: Option<String>,
}

impl From<&Egg> for ReadOut {
    fn from(egg: &Egg) -> Self {
        let (signal, input) = match &egg.stop {
            Stop::Signal(signal) => (Some(signal.as_str()), None),
            Stop::Input(line) => (None, Some(line.clone())),
        };
        let images = egg
            .images
            .iter()
            .map(|image| (image.label.clone(), image.image.clone()));
        Self {
            title: egg.title.clone(),
            author: egg.author.clone(),
            format: egg.format.clone(),
            startup: egg.startup.clone(),
            stop: StopOut { signal, input },
            images: images.collect(),
            install_image: egg.install.as_ref().map(|Install { image, .. }| image.clone()),
            variables: egg
                .variables
                .iter()
                .map(|variable| variable.key.clone())
                .collect(),
            files: egg.files.iter().map(|file| file.path.clone()).collect(),
            report: egg.report.clone(),
        }
    }
}

/// An egg with its newest version.
#[derive(Debug, Serialize, ToSchema)]
pub struct EggDetailOut {
    #[serde(flatten)]
    egg: EggOut,
    /// Images that are used instead of those that it names, by those.
    instead: BTreeMap<String, String>,
    /// Who imported the version.
    imported_by: String,
    /// When.
    imported_at: DateTime<Utc>,
    /// What the version is; null if this Berth can't read it any more.
    read: Option<ReadOut>,
}

/// An import that was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImportedOut {
    /// The egg's name, and the template's.
    name: String,
    /// The version's number.
    version: i32,
}

/// List imported eggs
#[utoipa::path(get, path = "/api/v1/staff/eggs", tag = "staff eggs",
    responses((status = 200, description = "All eggs", body = Vec<EggOut>)))]
async fn list(scope: StaffScope) -> Result<Json<Vec<EggOut>>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Json(
        store::list(&mut tx)
            .await?
            .into_iter()
            .map(EggOut::from)
            .collect(),
    ))
}

/// Show an egg
///
/// With its newest version and the report about it.
#[utoipa::path(get, path = "/api/v1/staff/eggs/{egg}", tag = "staff eggs", params(("egg" = String, Path)),
    responses((status = 200, description = "The egg", body = EggDetailOut)))]
async fn show(scope: StaffScope, Path(name): Path<String>) -> Result<Json<EggDetailOut>, Error> {
    detail(&scope, &name).await.map(Json)
}

async fn detail(scope: &StaffScope, name: &str) -> Result<EggDetailOut, Error> {
    let mut tx = scope.begin().await?;
    let row = store::list(&mut tx)
        .await?
        .into_iter()
        .find(|row| row.name == name);
    let row = row.ok_or(Error::NotFound)?;
    let version = store::version(&mut tx, name, row.newest)
        .await?
        .ok_or(Error::NotFound)?;
    Ok(EggDetailOut {
        egg: row.into(),
        instead: version.choices().images,
        read: Egg::read(&version.source).ok().as_ref().map(ReadOut::from),
        imported_by: version.created_by,
        imported_at: version.created_at,
    })
}

/// Look at an egg before it is imported
///
/// Changes nothing.
#[utoipa::path(post, path = "/api/v1/staff/eggs/preview", tag = "staff eggs", request_body = EggIn,
    responses((status = 200, description = "What it is, and what can't be taken over", body = ReadOut)))]
async fn preview(_scope: StaffScope, Json(given): Json<EggIn>) -> Result<Json<ReadOut>, Error> {
    let egg = actions::preview(&Import::from(given).text)?;
    Ok(Json(ReadOut::from(&egg)))
}

/// Import an egg
#[utoipa::path(post, path = "/api/v1/staff/eggs", tag = "staff eggs", request_body = EggIn,
    responses((status = 201, description = "It is offered now", body = ImportedOut)))]
async fn import(
    State(app): State<App>,
    scope: StaffScope,
    Json(given): Json<EggIn>,
) -> Result<(StatusCode, Json<ImportedOut>), Error> {
    let done = actions::import(&app, &scope, &given.into()).await?;
    Ok((
        StatusCode::CREATED,
        Json(ImportedOut {
            name: done.name,
            version: done.number,
        }),
    ))
}

/// Import a new version of an egg
///
/// Servers keep the version that they have until they are updated.
#[utoipa::path(post, path = "/api/v1/staff/eggs/{egg}/versions", tag = "staff eggs", params(("egg" = String, Path)),
    request_body = EggIn, responses((status = 201, description = "It is offered now", body = ImportedOut)))]
async fn update(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
    Json(given): Json<EggIn>,
) -> Result<(StatusCode, Json<ImportedOut>), Error> {
    let done = actions::update(&app, &scope, &name, &given.into()).await?;
    Ok((
        StatusCode::CREATED,
        Json(ImportedOut {
            name: done.name,
            version: done.number,
        }),
    ))
}

/// Offer an egg, or not
#[utoipa::path(patch, path = "/api/v1/staff/eggs/{egg}", tag = "staff eggs", params(("egg" = String, Path)),
    request_body = EggPatch, responses((status = 200, description = "The egg", body = EggDetailOut)))]
async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
    Json(patch): Json<EggPatch>,
) -> Result<Json<EggDetailOut>, Error> {
    actions::set_enabled(&app, &scope, &name, patch.enabled).await?;
    detail(&scope, &name).await.map(Json)
}

/// Remove an egg
///
/// Not while servers use it.
#[utoipa::path(delete, path = "/api/v1/staff/eggs/{egg}", tag = "staff eggs", params(("egg" = String, Path)),
    responses((status = 204, description = "It is gone")))]
async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
) -> Result<StatusCode, Error> {
    actions::remove(&app, &scope, &name).await?;
    Ok(StatusCode::NO_CONTENT)
}
