//! Where servers come from, for programs: copies of others, and moves from other tenants.

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId, TicketId};
use crate::platform::web::{Json, Path};

use super::super::actions::{self, Asked, CloneData, CloneInput};
use super::outs::AskedOut;
use super::servers::{accepted, accepted_as_staff, yes};

/// How a server is copied.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CloneIn {
    /// What the copy is called; its source's name with "(copy)" if none is given.
    #[schema(example = "web-2")]
    name: Option<String>,
    /// What becomes of the data: `stopped` stops the source for the copy and starts it again afterwards, `live` copies while it
    /// runs, so that what it writes meanwhile may be there in part, and `none` copies nothing.
    #[serde(default)]
    #[schema(default = "stopped")]
    data: CloneData,
    /// Whether it is in the networks that its source is in; otherwise it is in the common one.
    #[serde(default = "yes")]
    #[schema(default = true)]
    same_networks: bool,
    /// Whether it starts when it is complete.
    #[serde(default = "yes")]
    #[schema(default = true)]
    start: bool,
}

/// Copy a server
///
/// Another server of the same template, size, answers, tags and note, with ports of its own. It counts for the plan at once.
/// Secrets are the source's, but for those that the template sets again at each start: these are made up anew. The operation
/// tells how the copying goes; if it fails, the copy never starts: copy its data again, or delete it. Deleting it ends the
/// copying. A source is copied once at a time.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/clone", tag = "servers",
    params(("server_id" = ServerId, Path)), request_body = CloneIn,
    responses((status = 202, description = "The copy and the work", body = AskedOut)))]
pub async fn clone(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Json(how): Json<CloneIn>,
) -> Result<Response, Error> {
    let input = CloneInput {
        name: how.name,
        data: how.data,
        snapshot: None,
        backup: None,
        same_networks: how.same_networks,
        start: how.start,
    };
    Ok(accepted(&app, actions::clone(&app, &scope, id, input).await?))
}

/// Copy a server's data again
///
/// After it failed, from the beginning and in the same way. 409 `copy-not-failed` for any other server.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/copy-again", tag = "servers",
    params(("server_id" = ServerId, Path)),
    responses((status = 202, description = "The copy and the work", body = AskedOut)))]
pub async fn copy_again(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    Ok(accepted(&app, actions::copy_again(&app, &scope, id).await?))
}

/// Where a server goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MoveIn {
    /// Its new tenant, which must be active and have room for it.
    tenant_id: TenantId,
    /// The ticket of its present tenant that it is moved from, which tells of it to staff.
    ticket: Option<TicketId>,
}

/// Move a server to another tenant
///
/// Its data, addresses, settings, history, operations and use go along; sharing with guests ends, its schedules are paused, and it
/// is in the new tenant's common network. Its name gets "(moved)" behind it if another server there has it. The former tenant
/// does not see it any more from then on. Both tenants' audit logs tell of it.
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/move", tag = "staff",
    params(("server_id" = ServerId, Path)), request_body = MoveIn,
    responses((status = 202, description = "The server and the work", body = AskedOut)))]
pub async fn move_server(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Json(to): Json<MoveIn>,
) -> Result<Response, Error> {
    let moved = actions::move_server(&app, &scope, id, (to.tenant_id, to.ticket), None).await?;
    let asked = Asked {
        server: moved.server,
        operation: moved.operation,
    };
    Ok(accepted_as_staff(&app, asked))
}
