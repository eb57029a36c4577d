//! The console: a terminal in the browser, over a WebSocket of the panel's own.
//!
//! A server has one session in a process of the panel, and everybody who opens its console shares that: a shell beside the
//! server, or the server's own process where its template says so (`console = "attach"`). What must hold:
//!
//! - Who may only watch cannot type, and whoever loses the right to look is out within a minute ([`access`]).
//! - One viewer who is slow is dropped, and never slows the others; all that is kept is bounded ([`session`], [`hub`]).
//! - No shell outlives its session: engines do not end one when we hang up, so we do, and where the panel died first,
//!   another finds the visit's row and does it ([`lost`]).
//! - Each visit is in the audit log with who, from where, how long and how; what was typed is nowhere.

mod access;
mod actions;
mod api;
mod hub;
mod lost;
mod model;
mod open;
mod pages;
mod session;
mod store;
mod visit;

use std::time::Duration;

use crate::app::App;
use crate::drivers::engine::{EngineError, ServerKey};
use crate::platform::access::{Permission, Rule};
use crate::platform::ids::ServerId;
use crate::platform::web::{Routes, operation};

pub use hub::Consoles;
pub use lost::end_lost;

/// How long a session waits for its last viewer to come back: a page that is loaded anew, a train in a tunnel.
pub const GRACE: Duration = Duration::from_mins(1);

/// The server's key on the engine.
fn key(id: ServerId) -> Result<ServerKey, EngineError> {
    ServerKey::new(id.to_string())
}

/// The feature's addresses.
pub(super) fn routes() -> Routes<App> {
    let (own, all) = (
        Rule::Tenant(Permission::ServerConsoleWatch),
        Rule::Staff(Permission::StaffServerConsole),
    );
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/console", own, pages::show)
        .get(
            "/t/{tenant}/servers/{server_id}/console/socket",
            own,
            pages::socket,
        )
        .get("/staff/servers/{server_id}/console", all, pages::staff_show)
        .get(
            "/staff/servers/{server_id}/console/socket",
            all,
            pages::staff_socket,
        )
        .api(own, operation!(api::socket))
        .api(all, operation!(api::staff_socket))
}
