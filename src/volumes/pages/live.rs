//! What changes about volumes while somebody looks: a line of the list, one volume, what a server mounts.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::{ServerId, VolumeId};
use crate::platform::web::{Fragment, LastSeen, Path};
use crate::servers;

use super::super::TOPIC;
use super::super::store;
use super::list::Row;
use super::{href, server, show};

/// What stands in a panel's place when its thing is gone.
fn gone(id: &str, what: &str) -> String {
    format!(
        "<section class=\"card\" id=\"{id}\"><div class=\"card-body\"><p>This {what} is gone.</p></div></section>"
    )
}

/// The volume of this tenant that an event is about.
fn subject(scope: &TenantScope, event: &Event) -> Option<VolumeId> {
    let is_ours = event.tenant_id == Some(scope.tenant().0) && event.topic == TOPIC;
    event.target_id.filter(|_| is_ours).map(VolumeId)
}

/// Whether an event may change what a server mounts, or which volumes there are.
fn concerns(scope: &TenantScope, event: &Event, server: ServerId) -> bool {
    let is_ours = event.tenant_id == Some(scope.tenant().0);
    let is_server = event.topic == servers::TOPIC && event.target_id == Some(server.0);
    is_ours && (event.topic == TOPIC || is_server)
}

/// The list's stream: one line for each change.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        match subject(&scope, &event) {
            Some(id) => row(&app, &scope, id).await.map(Some),
            None => Ok(None),
        }
    })
    .await
}

async fn row(app: &App, scope: &TenantScope, id: VolumeId) -> Result<Fragment, Error> {
    let place = id.to_string();
    let volume = match store::find(&mut scope.begin().await?, id).await {
        Err(Error::NotFound) => return Ok(Fragment::default().remove(&place)),
        other => other?,
    };
    let row = Row::new(volume, href(scope, id), app.now());
    Ok(Fragment::default().replace(&place, &row.render().map_err(Error::internal)?))
}

/// One volume's stream. Its servers' states are not shown, so only its own events count.
pub(super) async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, VolumeId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    store::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if subject(&scope, &event) != Some(id) {
            return Ok(None);
        }
        let panel = show::Panel::load(&app, &mut scope.begin().await?, &scope, id).await;
        shown(panel).map(Some)
    })
    .await
}

fn shown(panel: Result<show::Panel, Error>) -> Result<Fragment, Error> {
    let fragment = Fragment::default();
    let panel = match panel {
        Err(Error::NotFound) => {
            let gone = gone("volume-panel", "volume");
            return Ok(fragment.replace("volume-panel", &gone).remove("volume-end"));
        }
        other => other?,
    };
    let html = panel.render().map_err(Error::internal)?;
    let end = show::End::from(&panel).render().map_err(Error::internal)?;
    Ok(fragment
        .replace("volume-panel", &html)
        .replace("volume-end", &end))
}

/// The stream of a server's tab.
pub(super) async fn tab(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |_, scope, event| async move {
        if !concerns(&scope, &event, id) {
            return Ok(None);
        }
        let mut tx = scope.begin().await?;
        let html = match servers::find(&mut tx, id).await {
            Err(Error::NotFound) => gone("server-volumes", "server"),
            other => {
                let panel = server::Panel::load(&mut tx, &scope, other?).await?;
                panel.render().map_err(Error::internal)?
            }
        };
        Ok(Some(Fragment::default().replace("server-volumes", &html)))
    })
    .await
}
