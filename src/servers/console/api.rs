//! The console for programs: the same WebSocket, opened with a token.

use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Path, Query, Socket};

use super::access::Scope;
use super::open::{Caller, Screen, upgrade};

/// Open a server's console
///
/// A WebSocket: binary messages are what the terminal prints and what is typed, text messages are events and orders in JSON,
/// as `docs/console.md` describes. With `servers:console-watch` alone, one may look. What closes the connection is told
/// in its last message.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/console", tag = "servers",
    params(("server_id" = ServerId, Path), Screen),
    responses((status = 101, description = "The connection is a WebSocket now")))]
pub async fn socket(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(screen): Query<Screen>,
    socket: Socket,
) -> Result<Response, Error> {
    upgrade(app, Scope::Tenant(scope), (id, screen), socket, Caller::Program).await
}

/// Open any server's console
///
/// As `GET /api/v1/servers/{server_id}/console`, while you have broken the glass for consoles of the server's tenant. Written into
/// the tenant's audit log under the name of whoever did it.
#[utoipa::path(get, path = "/api/v1/staff/servers/{server_id}/console", tag = "staff",
    params(("server_id" = ServerId, Path), Screen),
    responses((status = 101, description = "The connection is a WebSocket now")))]
pub async fn staff_socket(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Query(screen): Query<Screen>,
    socket: Socket,
) -> Result<Response, Error> {
    upgrade(app, Scope::Staff(scope), (id, screen), socket, Caller::Program).await
}
