//! What changes on the page of storage while somebody looks: what is used now. The chart hears of it and asks anew.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Fragment, LastSeen};

use super::super::TOPIC;
use super::show::Now;

/// The page's stream.
pub async fn live(State(app): State<App>, scope: TenantScope, seen: LastSeen) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        let is_ours = event.tenant_id == Some(scope.tenant().0);
        if event.topic != TOPIC || !is_ours {
            return Ok(None);
        }
        let now = Now::load(&app, &mut scope.begin().await?, scope.tenant()).await?;
        let html = now.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace("storage-now", &html)))
    })
    .await
}
