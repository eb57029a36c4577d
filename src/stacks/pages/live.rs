//! What changes about stacks while somebody looks: theirs is the state of their servers.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::{ServerId, StackId};
use crate::platform::web::{Fragment, LastSeen, Path};
use crate::servers;

use super::super::TOPIC;
use super::super::query::Whole;
use super::list::Row;
use super::show::Panel;

/// The stack of this tenant that an event is about: itself, or one of its servers.
async fn subject(tx: &mut TenantTx, scope: &TenantScope, event: &Event) -> Result<Option<StackId>, Error> {
    if event.tenant_id != Some(scope.tenant().0) {
        return Ok(None);
    }
    match event.target_id {
        Some(id) if event.topic == TOPIC => Ok(Some(StackId(id))),
        // A server that is gone tells by its stack's own event.
        Some(id) if event.topic == servers::TOPIC => match servers::find(tx, ServerId(id)).await {
            Ok(server) => Ok(server.stack.map(|place| place.stack)),
            Err(Error::NotFound) => Ok(None),
            Err(error) => Err(error),
        },
        _ => Ok(None),
    }
}

/// The list's stream: one row for each change.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        let mut tx = scope.begin().await?;
        let Some(id) = subject(&mut tx, &scope, &event).await? else {
            return Ok(None);
        };
        let row = match Whole::load(&mut tx, id).await {
            Err(Error::NotFound) => None,
            other => Some(other?).filter(|one| one.stack.deletion.is_none()),
        };
        let Some(row) = row else {
            return Ok(Some(Fragment::default().remove(&id.to_string())));
        };
        let html = Row::new(&app, &scope, &row).render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(&id.to_string(), &html)))
    })
    .await
}

/// One stack's stream: its panel for each change.
pub(super) async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, StackId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        let mut tx = scope.begin().await?;
        if subject(&mut tx, &scope, &event).await? != Some(id) {
            return Ok(None);
        }
        let panel = match Whole::load(&mut tx, id).await {
            Err(Error::NotFound) => Panel::gone(),
            other => Panel::load(&app, &scope, &mut tx, &other?).await?,
        };
        let html = panel.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace("stack-panel", &html)))
    })
    .await
}
