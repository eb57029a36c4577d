//! All servers, for the provider's programs.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::ids::{OperationId, ServerId};
use crate::platform::operations;
use crate::platform::web::{Json, ListOut, ListQuery, Path, Tagged};

use super::super::actions;
use super::super::query::{ServerFilter, ServerQuery};
use super::super::store;
use super::outs::{OperationOut, ServerOut};
use super::servers::{Verb, accepted_as_staff};

/// List all servers
///
/// `q` is found in the name and in the tags. `sort` is `-created` (newest first, if nothing is said), `created`, `name`, `-name`, `state` or
/// `-state`.
#[utoipa::path(get, path = "/api/v1/staff/servers", tag = "staff", params(ServerFilter, ListQuery),
    responses((status = 200, description = "A page of all tenants' servers", body = ListOut<ServerOut>)))]
pub async fn list(State(app): State<App>, scope: StaffScope, query: ServerQuery) -> Result<Response, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = query.run(&app.catalogue, &mut tx, query.filter.tenant).await?;
    Ok(listing.map(|server| ServerOut::of(&app, server)).json(&query))
}

/// Show any server
#[utoipa::path(get, path = "/api/v1/staff/servers/{server_id}", tag = "staff", params(("server_id" = ServerId, Path)),
    responses((status = 200, description = "The server", body = ServerOut)))]
pub async fn show(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<Tagged<Json<ServerOut>>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    Ok(Tagged(server.version, Json(ServerOut::of(&app, server))))
}

/// Start, stop, restart or kill any server
///
/// Written into the tenant's audit log under the name of whoever did it.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/actions/{action}", tag = "staff",
    params(("server_id" = ServerId, Path), ("action" = inline(Verb), Path)),
    responses((status = 202, description = "The server and the work", body = super::outs::AskedOut)))]
pub async fn act(
    State(app): State<App>,
    scope: StaffScope,
    Path((id, verb)): Path<(ServerId, Verb)>,
) -> Result<Response, Error> {
    let asked = actions::command_as_staff(&app, &scope, id, verb.into()).await?;
    Ok(accepted_as_staff(&app, asked))
}

/// Show any operation
#[utoipa::path(get, path = "/api/v1/staff/operations/{operation_id}", tag = "staff",
    params(("operation_id" = OperationId, Path)),
    responses((status = 200, description = "The operation with its steps", body = OperationOut)))]
pub async fn operation(scope: StaffScope, Path(id): Path<OperationId>) -> Result<Json<OperationOut>, Error> {
    let mut tx = scope.begin().await?;
    let operation = operations::find(&mut tx, id).await?;
    let steps = operations::steps(&mut tx, id).await?;
    Ok(Json(OperationOut::with_steps(operation, steps)))
}
