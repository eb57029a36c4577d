//! The catalogue for the provider's programs.

use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Side, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::OperationId;
use crate::platform::web::{Accepted, Json, Path};

use super::super::broken::{Broken, Located};
use super::super::rebuild;
use super::super::staff::{self, Entry, ImageState};
use super::tenant::TemplateOut;

/// The catalogue.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueOut {
    /// The templates that servers can be made from.
    templates: Vec<StaffTemplateOut>,
    /// What is wrong with the templates that could not be loaded.
    problems: Vec<CatalogueProblemOut>,
}

/// Something wrong with a template.
#[derive(Debug, Serialize, ToSchema)]
pub struct CatalogueProblemOut {
    /// The template's folder.
    template: String,
    /// The file.
    file: String,
    /// The line, where the problem has one.
    line: Option<usize>,
    /// The field.
    #[schema(example = "health.retries")]
    field: String,
    /// What is wrong.
    message: String,
}

/// A template with the state of its image.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffTemplateOut {
    #[serde(flatten)]
    template: TemplateOut,
    /// The sizes that it fits into, the smallest first.
    sizes: Vec<String>,
    /// Its image.
    image: ImageOut,
}

/// A template's image.
#[derive(Debug, Serialize, ToSchema)]
pub struct ImageOut {
    /// Its tag, which names its content.
    #[schema(example = "berth/static-site:3f1c0ad2b4e6")]
    tag: String,
    /// `built`, `foreign` (another installation on this engine built it), `missing` or `unknown` (the engine does not answer).
    state: &'static str,
    /// How large it is.
    size_bytes: Option<u64>,
    /// When it was made.
    created_at: Option<DateTime<Utc>>,
    /// Whether it is being built now.
    building: bool,
    /// The build that is under way because somebody asked.
    operation_id: Option<OperationId>,
    /// Why the last build failed.
    error: Option<String>,
}

impl From<&Entry<'_>> for StaffTemplateOut {
    fn from(entry: &Entry<'_>) -> Self {
        let (size_bytes, created_at) = match entry.image {
            ImageState::Built { bytes, at } => (Some(bytes), at),
            _ => (None, None),
        };
        Self {
            template: TemplateOut::from(&*entry.folder.template),
            sizes: entry.sizes.clone(),
            image: ImageOut {
                tag: entry.folder.image_tag(),
                state: entry.image.word(),
                size_bytes,
                created_at,
                building: entry.is_building(),
                operation_id: entry.under_way(),
                error: entry.failure().map(str::to_owned),
            },
        }
    }
}

fn problems(broken: &[Broken]) -> Vec<CatalogueProblemOut> {
    let out = |template: &str, problem: &Located| CatalogueProblemOut {
        template: template.to_owned(),
        file: problem.file.clone(),
        line: problem.line,
        field: problem.at.clone(),
        message: problem.message.clone(),
    };
    let all = broken
        .iter()
        .flat_map(|one| one.problems.iter().map(|problem| (&*one.name, problem)));
    all.map(|(template, problem)| out(template, problem)).collect()
}

/// List all templates
///
/// With their images, and what is wrong with those that could not be loaded.
#[utoipa::path(get, path = "/api/v1/staff/catalogue", tag = "staff catalogue",
    responses((status = 200, description = "The catalogue", body = CatalogueOut)))]
pub(super) async fn list(State(app): State<App>, scope: StaffScope) -> Result<Json<CatalogueOut>, Error> {
    let entries = staff::all(&app, &scope).await?;
    Ok(Json(CatalogueOut {
        templates: entries.iter().map(StaffTemplateOut::from).collect(),
        problems: problems(app.catalogue.broken()),
    }))
}

/// Show any template
#[utoipa::path(get, path = "/api/v1/staff/catalogue/{template}", tag = "staff catalogue",
    params(("template" = String, Path)),
    responses((status = 200, description = "The template", body = StaffTemplateOut)))]
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
) -> Result<Json<StaffTemplateOut>, Error> {
    let entry = staff::one(&app, &scope, &name).await?;
    Ok(Json(StaffTemplateOut::from(&entry)))
}

/// A build that was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct BuildOut {
    /// The work: read `/api/v1/staff/operations/{operation_id}` until it has ended.
    operation_id: OperationId,
}

/// Build a template's image
///
/// With packages of today, if it was built before. While a build is under way, asking again gives its operation.
#[utoipa::path(post, path = "/api/v1/staff/catalogue/{template}/build", tag = "staff catalogue",
    params(("template" = String, Path)),
    responses((status = 202, description = "The work", body = BuildOut)))]
pub(super) async fn build(
    State(app): State<App>,
    scope: StaffScope,
    Path(name): Path<String>,
) -> Result<Response, Error> {
    let operation_id = rebuild::ask(&app, &scope, &name).await?;
    Ok(Accepted(Side::Staff, operation_id, Json(BuildOut { operation_id })).into_response())
}
