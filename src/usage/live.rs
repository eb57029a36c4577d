//! The figures of one server as they are measured. A measurement that was written is heard of; nothing is asked of the engine.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Fragment, LastSeen, Path};
use crate::servers;

use super::figures::Figures;
use super::sampler::TOPIC;

/// One server's stream: its figures after each measurement.
pub async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC {
            return Ok(None);
        }
        figures(&app, &scope, id).await.map(Some)
    })
    .await
}

async fn figures(app: &App, scope: &TenantScope, id: ServerId) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let server = match servers::find(&mut tx, id).await {
        Err(Error::NotFound) => return Ok(Fragment::default()),
        other => other?,
    };
    let figures = Figures::load(&mut tx, &server, app.now()).await?;
    Ok(Fragment::default().replace("usage-now", &figures.render().map_err(Error::internal)?))
}
