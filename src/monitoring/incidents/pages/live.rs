//! What changes about incidents while somebody looks.

use askama::Template as _;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::IncidentId;
use crate::platform::web::{self, Fragment, LastSeen, Path};

use super::super::TOPIC;
use super::super::store;
use super::Side;
use super::list::Row;
use super::show::Panel;

/// The incident of this side that an event is about.
fn subject(side: &Side, event: &Event) -> Option<IncidentId> {
    let is_ours = side
        .tenant()
        .is_none_or(|tenant| event.tenant_id == Some(tenant.0));
    event
        .target_id
        .filter(|_| is_ours && event.topic == TOPIC)
        .map(IncidentId)
}

/// A line for each change; what has just opened comes first.
async fn line(app: &App, side: &Side, id: IncidentId) -> Result<Option<Fragment>, Error> {
    let kept = match store::find(&mut side.begin().await?, id).await {
        Err(Error::NotFound) => return Ok(None),
        other => other?,
    };
    let is_part = side.tenant().is_none() && kept.incident.parent.is_some() && kept.told.is_none();
    let is_new = kept.incident.opened_at == kept.changed_at;
    let row = Row::new(kept, side, app.now());
    let html = row.render().map_err(Error::internal)?;
    let (place, fragment) = (id.to_string(), Fragment::default());
    Ok(Some(match (is_part, is_new) {
        (true, _) => fragment.remove(&place),
        (_, true) => fragment.remove(&place).prepend("incident-rows", &html),
        _ => fragment.replace(&place, &html),
    }))
}

async fn panel(app: &App, side: &Side, id: IncidentId) -> Result<Option<Fragment>, Error> {
    let (panel, ..) = Panel::load(app, side, id).await?;
    let html = panel.render().map_err(Error::internal)?;
    Ok(Some(Fragment::default().replace(Panel::ID, &html)))
}

/// A tenant's list.
pub(super) async fn own(
    State(app): State<App>,
    scope: TenantScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        let side = Side::Own(scope);
        match subject(&side, &event) {
            Some(id) => line(&app, &side, id).await,
            None => Ok(None),
        }
    })
    .await
}

/// One of a tenant's.
pub(super) async fn own_one(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, IncidentId)>,
    seen: LastSeen,
) -> Result<Response, Error> {
    store::find(&mut scope.begin().await?, id).await?;
    app.live(&scope, seen, move |app, scope, event| async move {
        let side = Side::Own(scope);
        if subject(&side, &event) != Some(id) {
            return Ok(None);
        }
        panel(&app, &side, id).await
    })
    .await
}

/// Everybody's list, or one of it.
async fn staff(
    app: App,
    scope: StaffScope,
    only: Option<IncidentId>,
    seen: LastSeen,
) -> Result<Response, Error> {
    let (hub, end, begin) = (app.hub.clone(), app.stream_end(), scope.clone());
    let draw = move |event: Event| {
        let (app, side) = (app.clone(), Side::Staff(scope.clone()));
        async move {
            match (subject(&side, &event), only) {
                (Some(id), None) => line(&app, &side, id).await,
                (Some(id), Some(only)) if id == only => panel(&app, &side, id).await,
                _ => Ok(None),
            }
        }
    };
    web::live(&hub, end, seen, begin.begin(), draw).await
}

/// Everybody's list.
pub(super) async fn all(
    State(app): State<App>,
    scope: StaffScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    staff(app, scope, None, seen).await
}

/// Any.
pub(super) async fn any_one(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<IncidentId>,
    seen: LastSeen,
) -> Result<Response, Error> {
    store::find(&mut scope.begin().await?, id).await?;
    staff(app, scope, Some(id), seen).await
}
