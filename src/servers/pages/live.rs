//! Live states: what changes about servers while somebody looks.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::eggs;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::ServerId;
use crate::platform::web::{Fragment, LastSeen, Path};
use crate::usage;

use super::super::actions::TOPIC;
use super::super::store;
use super::list::Row;
use super::show::Panel;

/// The server of this tenant that an event is about.
pub(super) fn subject(scope: &TenantScope, event: &Event) -> Option<ServerId> {
    let is_ours = event.tenant_id == Some(scope.tenant().0) && event.topic == TOPIC;
    event.target_id.filter(|_| is_ours).map(ServerId)
}

/// The list's stream: one row for each change.
pub async fn list(State(app): State<App>, scope: TenantScope, seen: LastSeen) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        let Some(id) = subject(&scope, &event) else {
            return Ok(None);
        };
        row(&app, &scope, id).await.map(Some)
    })
    .await
}

async fn row(app: &App, scope: &TenantScope, id: ServerId) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let server = match store::find(&mut tx, id).await {
        Err(Error::NotFound) => return Ok(Fragment::default().remove(&id.to_string())),
        Ok(server) if server.is_deleted() => return Ok(Fragment::default().remove(&id.to_string())),
        other => other?,
    };
    eggs::warm(app, &mut tx, &server.template).await?;
    let now = app.now();
    let mut sparks = usage::sparks(&mut tx, std::slice::from_ref(&server), now).await?;
    let sparks = sparks.remove(&id).unwrap_or_default();
    let row = Row::new(app, scope, &server, sparks, now);
    Ok(Fragment::default().replace(&id.to_string(), &row.render().map_err(Error::internal)?))
}

/// One server's stream: its panel for each change.
pub async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        if subject(&scope, &event) != Some(id) {
            return Ok(None);
        }
        panel(&app, &scope, id).await.map(Some)
    })
    .await
}

async fn panel(app: &App, scope: &TenantScope, id: ServerId) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let html = match store::find(&mut tx, id).await {
        Err(Error::NotFound) => Panel::gone(),
        other => Panel::load(app, scope, &mut tx, &other?)
            .await?
            .render()
            .map_err(Error::internal)?,
    };
    Ok(Fragment::default().replace("server-panel", &html))
}
