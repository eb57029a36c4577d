//! What changes about schedules while somebody looks.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::{ScheduleId, ServerId};
use crate::platform::web::{Fragment, LastSeen, Path};
use crate::servers;

use super::super::actions::{self, Place, TOPIC};
use super::list::Rows;
use super::show::Panel;

/// The schedule of this tenant that an event is about.
pub(super) fn is_about(scope: &TenantScope, event: &Event) -> Option<ScheduleId> {
    let is_ours = event.tenant_id == Some(scope.tenant().0) && event.topic == TOPIC;
    event.target_id.filter(|_| is_ours).map(ScheduleId)
}

/// The list's stream: all rows for each change, which are few; so that one that was added is there.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server)): Path<(String, ServerId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    servers::find(&mut scope.begin().await?, server).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        if is_about(&scope, &event).is_none() {
            return Ok(None);
        }
        let rows = Rows::load(&app, &scope, &mut scope.begin().await?, server).await?;
        let html = rows.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace(Rows::ID, &html)))
    })
    .await
}

/// One schedule's stream: its panel for each change.
pub(super) async fn one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server, id)): Path<(String, ServerId, ScheduleId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    actions::find(&mut scope.begin().await?, scope.tenant(), (server, id)).await?;
    app.live(&scope, seen, move |_, scope, event| async move {
        if is_about(&scope, &event) != Some(id) {
            return Ok(None);
        }
        panel(&scope, (server, id)).await.map(Some)
    })
    .await
}

async fn panel(scope: &TenantScope, place: Place) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let html = match actions::find(&mut tx, scope.tenant(), place).await {
        Err(Error::NotFound) => Panel::gone(),
        other => {
            let (schedule, zone) = other?;
            let panel = Panel::load(scope, &mut tx, (&schedule, zone)).await?;
            panel.render().map_err(Error::internal)?
        }
    };
    Ok(Fragment::default().replace("schedule-panel", &html))
}
