//! What changes about a server's shares while somebody looks: all of them, or one.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::{ServerId, ShareId};
use crate::platform::web::{Fragment, LastSeen, Path};
use crate::servers;

use super::super::TOPIC;
use super::{show, tab as page};

/// What stands in a panel's place when its thing is gone.
fn gone(id: &str, what: &str) -> String {
    format!(
        "<section class=\"card\" id=\"{id}\"><div class=\"card-body\"><p>This {what} is gone.</p></div></section>"
    )
}

/// Whether an event is about the server's shares.
fn concerns(scope: &TenantScope, event: &Event, server: ServerId) -> bool {
    event.tenant_id == Some(scope.tenant().0) && event.topic == TOPIC && event.target_id == Some(server.0)
}

/// The stream of a server's tab.
pub(super) async fn tab(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if !concerns(&scope, &event, id) {
            return Ok(None);
        }
        let mut tx = scope.begin().await?;
        let html = match servers::find(&mut tx, id).await {
            Err(Error::NotFound) => gone("server-shares", "server"),
            other => {
                let panel = page::Panel::load(&app, &mut tx, &scope, &other?).await?;
                panel.render().map_err(Error::internal)?
            }
        };
        Ok(Some(Fragment::default().replace("server-shares", &html)))
    })
    .await
}

/// The stream of one share.
pub(super) async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id, share)): Path<(String, ServerId, ShareId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if !concerns(&scope, &event, id) {
            return Ok(None);
        }
        let html = match panel(&app, &scope, (id, share)).await {
            Err(Error::NotFound) => gone("share-panel", "share"),
            other => other?,
        };
        Ok(Some(Fragment::default().replace("share-panel", &html)))
    })
    .await
}

async fn panel(app: &App, scope: &TenantScope, (id, share): (ServerId, ShareId)) -> Result<String, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let panel = show::Panel::load(app, &mut tx, scope, (&server, share)).await?;
    panel.render().map_err(Error::internal)
}
