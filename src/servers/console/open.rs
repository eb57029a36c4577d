//! From a request to a console's connection, for pages and programs alike.

use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::Socket;

use super::access::Scope;
use super::model::{DEFAULT, clamped};
use super::visit::Guest;

/// How much the viewer's screen shows.
#[derive(Debug, Clone, Copy, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(default)]
pub struct Screen {
    /// Characters in a line, 80 if not given. Changed later by a `resize`.
    #[param(minimum = 20, maximum = 500)]
    columns: u16,
    /// Lines, 24 if not given.
    #[param(minimum = 5, maximum = 200)]
    rows: u16,
}

impl Default for Screen {
    fn default() -> Self {
        Self {
            columns: DEFAULT.columns,
            rows: DEFAULT.rows,
        }
    }
}

/// Who opens the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caller {
    /// A browser, which says whose page it shows.
    Page,
    /// Something with a token, which may say nothing.
    Program,
}

/// Opens the connection. What is not there is 404 before anything else is said.
pub(super) async fn upgrade(
    app: App,
    scope: Scope,
    (id, screen): (ServerId, Screen),
    socket: Socket,
    caller: Caller,
) -> Result<Response, Error> {
    let server = scope.find(&app, id).await?;
    let (upgrade, recheck) = socket.check(&app.config.public_url, caller == Caller::Program)?;
    let tasks = app.tasks.clone();
    let guest = Guest {
        size: clamped(screen.columns, screen.rows),
        app,
        scope,
        recheck,
        server,
    };
    Ok(upgrade.on_upgrade(async move |socket| {
        // A task that the process waits for when it stops: its end is written down.
        tasks.spawn(guest.serve(socket));
    }))
}
