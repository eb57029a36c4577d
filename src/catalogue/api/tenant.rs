//! What a tenant's servers can be made from.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Json, Path};

use super::super::{Kind, Template, Variable};

/// What a server can be made from.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::catalogue) struct TemplateOut {
    /// Its name.
    #[schema(example = "static-site")]
    name: String,
    /// What people read first.
    title: String,
    /// One line about it.
    summary: String,
    /// What it is and is not.
    description: String,
    /// Its version, for people.
    version: String,
    /// What can be answered.
    variables: Vec<VariableOut>,
}

/// A variable of a template.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::catalogue) struct VariableOut {
    /// Its key.
    key: String,
    /// What people read.
    label: String,
    /// What it means.
    help: String,
    /// `text`, `integer`, `number`, `boolean`, `choice`, `secret`, `list`, `secret_list`, `ssh_public_key`, `email` or `host_name`.
    #[schema(value_type = String)]
    r#type: &'static str,
    /// Whether it must be answered.
    required: bool,
    /// What holds when it is not answered.
    default: Option<String>,
    /// What can be chosen.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    choices: Vec<String>,
}

impl From<&Variable> for VariableOut {
    fn from(variable: &Variable) -> Self {
        let choices = match &variable.kind {
            Kind::Choice { choices } => choices.clone(),
            _ => Vec::new(),
        };
        Self {
            key: variable.key.clone(),
            label: variable.label.clone(),
            help: variable.help.clone(),
            r#type: variable.kind.word(),
            required: variable.required,
            default: variable.default.clone(),
            choices,
        }
    }
}

impl From<&Template> for TemplateOut {
    fn from(template: &Template) -> Self {
        Self {
            name: template.name.clone(),
            title: template.title.clone(),
            summary: template.summary.clone(),
            description: template.description.clone(),
            version: template.version.clone(),
            variables: template.variables.iter().map(VariableOut::from).collect(),
        }
    }
}

/// List templates
#[utoipa::path(get, path = "/api/v1/templates", tag = "catalogue",
    responses((status = 200, description = "All templates", body = Vec<TemplateOut>)))]
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
) -> Result<Json<Vec<TemplateOut>>, Error> {
    let imported = eggs::all(&app, &mut scope.begin().await?).await?;
    let folders = app.catalogue.all().into_iter();
    let folders = folders.map(|folder| TemplateOut::from(&*folder.template));
    let imported = imported.iter().map(|offer| TemplateOut::from(&*offer.template));
    Ok(Json(folders.chain(imported).collect()))
}

/// Show a template
#[utoipa::path(get, path = "/api/v1/templates/{name}", tag = "catalogue", params(("name" = String, Path)),
    responses((status = 200, description = "The template", body = TemplateOut)))]
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(name): Path<String>,
) -> Result<Json<TemplateOut>, Error> {
    if let Some(folder) = app.catalogue.get(&name) {
        return Ok(Json(TemplateOut::from(&*folder.template)));
    }
    let offer = eggs::newest(&app, &mut scope.begin().await?, &name).await?;
    Ok(Json(TemplateOut::from(&*offer.ok_or(Error::NotFound)?.template)))
}
