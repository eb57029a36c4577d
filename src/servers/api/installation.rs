//! Servers of imported templates for programs: how their folder was filled, and asking for it anew.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Json, Path};

use super::super::actions;
use super::super::store;
use super::outs::AskedOut;
use super::servers::accepted;

/// How a server's folder was filled.
#[derive(Debug, Serialize, ToSchema)]
pub struct InstallationOut {
    /// `needed`, `running`, `done` or `failed`.
    state: String,
    /// The end of what the script wrote.
    log: String,
    /// Why it failed.
    error: Option<String>,
    /// When it was last filled.
    installed_at: Option<DateTime<Utc>>,
    /// The template with the version that the server has.
    template: String,
    /// The newest version that is offered, if that is another.
    newest: Option<String>,
}

/// Show a server's installation
///
/// Only servers of imported templates have one.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/installation", tag = "servers",
    params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The installation", body = InstallationOut)))]
pub async fn show(scope: TenantScope, Path(id): Path<ServerId>) -> Result<Json<InstallationOut>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    let state = store::egg_state(&mut tx, id).await?.ok_or(Error::NotFound)?;
    let newest = match eggs::split_key(&server.template) {
        Some((name, _)) => eggs::newest_key(&mut tx, name).await?,
        None => None,
    };
    Ok(Json(InstallationOut {
        state: state.install,
        log: state.log,
        error: state.error,
        installed_at: state.installed_at,
        newest: newest.filter(|newest| *newest != server.template),
        template: server.template,
    }))
}

/// Install a server anew
///
/// Its folder is filled by its template's script before its next start; one that runs is stopped for it.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/reinstall", tag = "servers",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn reinstall(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::reinstall(&app, &scope, id).await?;
    Ok(accepted(&app, asked))
}

/// Take a failed installation as it is
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/accept-installation", tag = "servers",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn accept(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::accept_installation(&app, &scope, id).await?;
    Ok(accepted(&app, asked))
}

/// Take the newest version of a server's template
///
/// The container is made anew and its data stays.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/update-template", tag = "servers",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn update(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::update_template(&app, &scope, id).await?;
    Ok(accepted(&app, asked))
}
