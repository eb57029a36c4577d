//! Live states: what changes about servers while somebody looks.

use std::collections::HashSet;

use askama::Template as _;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events::{self, Event};
use crate::platform::ids::ServerId;
use crate::platform::web::{Fragment, Path, fragments, last_event_id};

use super::super::actions::TOPIC;
use super::super::store;
use super::list::{Row, title};
use super::show::Panel;

/// Who was away longer loads the page anew.
const CATCH_UP: i64 = 500;

async fn missed(scope: &TenantScope, uri: &Uri, headers: &HeaderMap) -> Result<Vec<Event>, Error> {
    let Some(after) = last_event_id(uri, headers) else {
        return Ok(Vec::new());
    };
    let mut tx = scope.begin().await?;
    Ok(newest(events::missed(&mut tx, after, CATCH_UP).await?))
}

/// A fragment shows a server as it is now, so only the last event about each is told.
fn newest(mut events: Vec<Event>) -> Vec<Event> {
    let mut seen = HashSet::new();
    events.reverse();
    events.retain(|event| seen.insert(event.target_id));
    events.reverse();
    events
}

/// The server of this tenant that an event is about.
fn subject(scope: &TenantScope, event: &Event) -> Option<ServerId> {
    let is_ours = event.tenant_id == Some(scope.tenant().0) && event.topic == TOPIC;
    event.target_id.filter(|_| is_ours).map(ServerId)
}

/// The list's stream: one row for each change.
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (live, end) = (app.hub.subscribe(), app.stream_end());
    let missed = missed(&scope, &uri, &headers).await?;
    let draw = move |event: Event| {
        let (app, scope) = (app.clone(), scope.clone());
        async move {
            let Some(id) = subject(&scope, &event) else {
                return Ok(None);
            };
            row(&app, &scope, id).await.map(Some)
        }
    };
    Ok(fragments(live, missed, end, draw).into_response())
}

async fn row(app: &App, scope: &TenantScope, id: ServerId) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let server = match store::find(&mut tx, id).await {
        Err(Error::NotFound) => return Ok(Fragment::default().remove(&id.to_string())),
        other => other?,
    };
    let row = Row::new(
        &server,
        &scope.member.slug,
        title(app, &server.template),
        app.now(),
    );
    Ok(Fragment::default().replace(&id.to_string(), &row.render().map_err(Error::internal)?))
}

/// One server's stream: its panel for each change.
pub async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let (live, end) = (app.hub.subscribe(), app.stream_end());
    let missed = missed(&scope, &uri, &headers).await?;
    let draw = move |event: Event| {
        let (app, scope) = (app.clone(), scope.clone());
        async move {
            if subject(&scope, &event) != Some(id) {
                return Ok(None);
            }
            panel(&app, &scope, id).await.map(Some)
        }
    };
    Ok(fragments(live, missed, end, draw).into_response())
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
