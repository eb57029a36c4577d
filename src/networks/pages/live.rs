//! What changes about networks while somebody looks: who reaches whom, and who is in one.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::web::{Fragment, LastSeen, Path};
use crate::servers;

use super::super::TOPIC;
use super::super::model::NetworkRef;
use super::list::Who;
use super::show::Members;

/// Whether an event is about this tenant's networks, or the servers in them.
pub(super) fn concerns(scope: &TenantScope, event: &Event) -> bool {
    let is_ours = event.tenant_id == Some(scope.tenant().0);
    is_ours && (event.topic == TOPIC || event.topic == servers::TOPIC)
}

/// The stream of the page of all networks.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |_, scope, event| async move {
        if !concerns(&scope, &event) {
            return Ok(None);
        }
        let who = Who::load(&mut scope.begin().await?, &scope).await?;
        let html = who.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace("network-reach", &html)))
    })
    .await
}

/// The stream of one network's page.
pub(super) async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, NetworkRef)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |_, scope, event| async move {
        if !concerns(&scope, &event) {
            return Ok(None);
        }
        members(&scope, id).await.map(Some)
    })
    .await
}

async fn members(scope: &TenantScope, id: NetworkRef) -> Result<Fragment, Error> {
    let members = match Members::load(&mut scope.begin().await?, scope, id).await {
        Err(Error::NotFound) => Members::gone(scope, id),
        other => other?,
    };
    let html = members.render().map_err(Error::internal)?;
    Ok(Fragment::default().replace("network-members", &html))
}
