//! Keeping a view, changing it, and letting it go.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Permission, StaffScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::SavedViewId;

use super::model::{View, Wish};
use super::store;

/// Whether somebody may change what is theirs, or what is everybody's.
fn check(scope: &StaffScope, shared: bool) -> Result<(), Error> {
    if !shared || scope.may(Permission::StaffTicketManage) {
        Ok(())
    } else {
        Err(Error::Forbidden)
    }
}

/// Keeps one.
pub(super) async fn create(app: &App, scope: &StaffScope, wish: Wish) -> Result<View, Error> {
    check(scope, wish.shared)?;
    let now = app.now();
    let id = SavedViewId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    store::insert(&mut tx, id, scope.actor.user, &wish, now).await?;
    let view = store::lock(&mut tx, id).await?;
    audit(app, &mut tx, scope, &view, "ticket-view.create").await?;
    tx.commit().await?;
    Ok(view)
}

/// Makes it what `wish` says of what it is.
pub(super) async fn change(
    app: &App,
    scope: &StaffScope,
    id: SavedViewId,
    wish: impl FnOnce(&View) -> Result<Wish, Error>,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<View, Error> {
    let mut tx = scope.begin().await?;
    let view = store::lock(&mut tx, id).await?;
    is_seen(view.version)?;
    let wish = wish(&view)?;
    check(scope, view.shared || wish.shared)?;
    store::save(&mut tx, id, &wish, app.now()).await?;
    let view = store::lock(&mut tx, id).await?;
    audit(app, &mut tx, scope, &view, "ticket-view.change").await?;
    tx.commit().await?;
    Ok(view)
}

/// Removes it.
pub(super) async fn remove(app: &App, scope: &StaffScope, id: SavedViewId) -> Result<View, Error> {
    let mut tx = scope.begin().await?;
    let view = store::lock(&mut tx, id).await?;
    check(scope, view.shared)?;
    store::delete(&mut tx, id).await?;
    audit(app, &mut tx, scope, &view, "ticket-view.delete").await?;
    tx.commit().await?;
    Ok(view)
}

async fn audit(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    view: &View,
    verb: &'static str,
) -> Result<(), Error> {
    let target = Target {
        kind: "ticket-view",
        id: Some(view.id.0),
        label: &view.name,
        tenant: None,
    };
    let change = Change::to(verb, json!({ "shared": view.shared, "query": view.query }));
    app.audit(tx, &scope.who, &target, &change).await
}
