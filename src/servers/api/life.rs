//! What happens to servers through their lives, for programs: several at once, made anew, suspended.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;
use crate::platform::web::{Json, Path};

use super::super::actions;
use super::super::model::Tags;
use super::outs::{AskedOut, BulkOut};
use super::servers::{Verb, accepted, accepted_as_staff};

/// Which servers.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeveralIn {
    /// Their ids.
    #[schema(min_items = 1, max_items = 100)]
    servers: Vec<ServerId>,
}

/// Which servers, and what becomes of their tags.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SeveralTagsIn {
    /// Their ids.
    #[schema(min_items = 1, max_items = 100)]
    servers: Vec<ServerId>,
    /// Tags that they get.
    #[serde(default)]
    #[schema(max_items = 10)]
    add: Vec<String>,
    /// Tags that they lose.
    #[serde(default)]
    #[schema(max_items = 10)]
    remove: Vec<String>,
}

/// Which servers are suspended, and why.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendSeveralIn {
    /// Their ids.
    #[schema(min_items = 1, max_items = 100)]
    servers: Vec<ServerId>,
    /// What their customers are told.
    #[schema(min_length = 1, max_length = 500, example = "The invoice of March is unpaid.")]
    reason: String,
}

/// Why a server is suspended.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SuspendIn {
    /// What its customer is told.
    #[schema(min_length = 1, max_length = 500, example = "It sends unsolicited mail.")]
    reason: String,
}

/// Start, stop, restart or kill several servers
///
/// An operation for each. What one is refused does not hold up the others.
#[utoipa::path(post, path = "/api/v1/servers/bulk/actions/{action}", tag = "servers",
    params(("action" = inline(Verb), Path)), request_body = SeveralIn,
    responses((status = 200, description = "What came of each", body = BulkOut)))]
pub async fn act_on_several(
    State(app): State<App>,
    scope: TenantScope,
    Path(verb): Path<Verb>,
    Json(several): Json<SeveralIn>,
) -> Result<Json<BulkOut>, Error> {
    let bulk = actions::command_all(&app, &scope, &several.servers, verb.into()).await?;
    Ok(Json(bulk.into()))
}

/// Tag or untag several servers
///
/// What one is refused does not hold up the others.
#[utoipa::path(post, path = "/api/v1/servers/bulk/tags", tag = "servers", request_body = SeveralTagsIn,
    responses((status = 200, description = "What came of each", body = BulkOut)))]
pub async fn tag_several(
    State(app): State<App>,
    scope: TenantScope,
    Json(several): Json<SeveralTagsIn>,
) -> Result<Json<BulkOut>, Error> {
    let mut errors = FieldErrors::default();
    let parse = |texts: &[String]| Tags::parse(texts.iter().map(String::as_str));
    let add = errors.check("add", parse(&several.add));
    let remove = errors.check("remove", parse(&several.remove));
    errors.into_result()?;
    let (add, remove) = (add.unwrap_or_default(), remove.unwrap_or_default());
    if add.is_empty() && remove.is_empty() {
        return Err(Error::invalid(
            "add",
            "Write at least one tag to add or to remove.",
        ));
    }
    let bulk = actions::retag_all(&app, &scope, &several.servers, (&add, &remove)).await?;
    Ok(Json(bulk.into()))
}

/// Rebuild a server
///
/// A new container from its image. Data, addresses and settings stay; whatever was changed beside its volumes is gone. A
/// server that does not run gets it at its next start.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/rebuild", tag = "servers",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn rebuild(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::rebuild(&app, &scope, id).await?;
    Ok(accepted(&app, asked))
}

/// Suspend any server
///
/// It is stopped, and its customer reads the reason and can't start it. Its data stays.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/suspend", tag = "staff",
    params(("server_id" = ServerId, Path)), request_body = SuspendIn,
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn suspend(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Json(suspend): Json<SuspendIn>,
) -> Result<Response, Error> {
    let asked = actions::suspend(&app, &scope, id, &suspend.reason).await?;
    Ok(accepted_as_staff(&app, asked))
}

/// Resume any server
///
/// It is again what it was before it was suspended. 409 `not-suspended` if it is not.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/resume", tag = "staff",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn resume(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    let asked = actions::resume(&app, &scope, id).await?;
    Ok(accepted_as_staff(&app, asked))
}

/// Start, stop, restart or kill several servers of any tenants
///
/// An operation for each, and an event in its tenant's audit log. What one is refused does not hold up the others.
#[utoipa::path(post, path = "/api/v1/staff/servers/bulk/actions/{action}", tag = "staff",
    params(("action" = inline(Verb), Path)), request_body = SeveralIn,
    responses((status = 200, description = "What came of each", body = BulkOut)))]
pub async fn act_on_several_as_staff(
    State(app): State<App>,
    scope: StaffScope,
    Path(verb): Path<Verb>,
    Json(several): Json<SeveralIn>,
) -> Result<Json<BulkOut>, Error> {
    let bulk = actions::command_all_as_staff(&app, &scope, &several.servers, verb.into()).await?;
    Ok(Json(bulk.into()))
}

/// Suspend several servers of any tenants
///
/// For the same reason, which their customers read. What one is refused does not hold up the others.
#[utoipa::path(post, path = "/api/v1/staff/servers/bulk/suspend", tag = "staff", request_body = SuspendSeveralIn,
    responses((status = 200, description = "What came of each", body = BulkOut)))]
pub async fn suspend_several(
    State(app): State<App>,
    scope: StaffScope,
    Json(several): Json<SuspendSeveralIn>,
) -> Result<Json<BulkOut>, Error> {
    let bulk = actions::suspend_all(&app, &scope, &several.servers, &several.reason).await?;
    Ok(Json(bulk.into()))
}
