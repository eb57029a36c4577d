//! How far an import is while somebody looks.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::mail::TOPIC;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailImportId;
use crate::platform::web::{Fragment, LastSeen, Path};

use super::super::store;
use super::show::Panel;

/// The stream of one import.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, MailImportId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    store::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        let is_ours = event.tenant_id == Some(scope.tenant().0) && event.topic == TOPIC;
        if !is_ours || event.target_id != Some(id.0) {
            return Ok(None);
        }
        let mut tx = scope.begin().await?;
        let panel = Panel::load(&app, &mut tx, &scope, id).await?;
        let html = panel.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace("import-panel", &html)))
    })
    .await
}
