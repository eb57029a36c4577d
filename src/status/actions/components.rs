//! What is done about components.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::error::Error;
use crate::platform::ids::{StatusComponentId, StatusPageId};
use crate::servers;

use super::super::desk::{Desk, DeskTx};
use super::super::model::{
    Component, ComponentText, MAX_COMPONENTS, OverrideText, Said, StatusPage, Target, Visibility,
};
use super::super::store;
use super::{done, locked};

/// Puts a component on a page, without a word to the log.
pub(super) async fn add(
    app: &App,
    tx: &mut DeskTx,
    page: StatusPageId,
    (target, name, note, position): (Target, String, String, i32),
) -> Result<Component, Error> {
    let now = app.now();
    let one = Component {
        id: StatusComponentId::new(&*app.ids, now),
        target_name: None,
        said: None,
        name,
        note,
        target,
        position,
    };
    store::insert_component(tx, page, &one, now).await?;
    Ok(one)
}

/// Whether what a component is to stand for is there, and is theirs: row security shows a tenant its own servers only.
async fn check_target(tx: &mut DeskTx, target: Target) -> Result<(), Error> {
    let is_there = match target {
        Target::Panel | Target::Mail => true,
        Target::Location(id) => store::locations(tx).await?.iter().any(|(known, _)| *known == id),
        Target::Server(id) => match servers::find(tx, id).await {
            Ok(server) => server.check_stays().is_ok(),
            Err(Error::NotFound) => false,
            Err(error) => return Err(error),
        },
    };
    is_there
        .then_some(())
        .ok_or_else(|| Error::invalid("target", "There is no such thing. Choose another one."))
}

/// Adds a component.
pub(in crate::status) async fn add_component(
    app: &App,
    desk: &Desk,
    id: Option<StatusPageId>,
    text: &ComponentText,
) -> Result<Component, Error> {
    let new = text.parse(desk.is_provider())?;
    let mut tx = desk.begin().await?;
    let page = locked(desk, &mut tx, id).await?;
    let all = store::components(&mut tx, page.id, app.now()).await?;
    if all.len() >= MAX_COMPONENTS {
        let message =
            format!("A page has {MAX_COMPONENTS} components at most. Remove one that nobody needs.");
        return Err(Error::conflict("too-many-components", message));
    }
    let is_inside = !desk.is_provider() || page.visibility == Visibility::Staff;
    if new.target.server().is_some() && !is_inside {
        return Err(Error::invalid(
            "target",
            "Only pages for staff show servers of customers.",
        ));
    }
    check_target(&mut tx, new.target).await?;
    let last = all.last().map_or(0, |one| (one.position + 1).min(999));
    let position = new.position.unwrap_or(last);
    let one = add(app, &mut tx, page.id, (new.target, new.name, new.note, position)).await?;
    let what = json!({ "component": one.name, "target": one.target.to_string() });
    done(
        app,
        desk,
        &mut tx,
        &page,
        &Change::to("status_page.component", what),
    )
    .await?;
    tx.commit().await?;
    Ok(one)
}

/// A component of a page.
pub(in crate::status) async fn component(
    app: &App,
    tx: &mut DeskTx,
    page: &StatusPage,
    id: StatusComponentId,
) -> Result<Component, Error> {
    let all = store::components(tx, page.id, app.now()).await?;
    all.into_iter().find(|one| one.id == id).ok_or(Error::NotFound)
}

/// Changes what readers see of a component. What it stands for stays.
pub(in crate::status) async fn change_component(
    app: &App,
    desk: &Desk,
    (page, id): (Option<StatusPageId>, StatusComponentId),
    change: impl FnOnce(ComponentText) -> ComponentText + Send,
) -> Result<Component, Error> {
    let mut tx = desk.begin().await?;
    let page = locked(desk, &mut tx, page).await?;
    let known = component(app, &mut tx, &page, id).await?;
    let text = change(ComponentText {
        name: known.name.clone(),
        note: known.note.clone(),
        target: String::new(),
        position: known.position.to_string(),
    });
    let new = ComponentText {
        target: known.target.to_string(),
        ..text
    };
    let new = new.parse(desk.is_provider())?;
    let one = Component {
        name: new.name,
        note: new.note,
        position: new.position.unwrap_or(known.position),
        ..known.clone()
    };
    store::save_component(&mut tx, &one).await?;
    let words =
        |one: &Component| json!({ "component": one.name, "note": one.note, "position": one.position });
    let told = Change::between("status_page.component_change", words(&known), words(&one));
    done(app, desk, &mut tx, &page, &told).await?;
    tx.commit().await?;
    Ok(one)
}

/// Takes a component away, with its history.
pub(in crate::status) async fn remove_component(
    app: &App,
    desk: &Desk,
    (page, id): (Option<StatusPageId>, StatusComponentId),
) -> Result<(), Error> {
    let mut tx = desk.begin().await?;
    let page = locked(desk, &mut tx, page).await?;
    let known = component(app, &mut tx, &page, id).await?;
    store::delete_component(&mut tx, id).await?;
    let change = Change {
        action: "status_page.component_remove",
        before: Some(json!({ "component": known.name })),
        after: None,
    };
    done(app, desk, &mut tx, &page, &change).await?;
    tx.commit().await
}

/// Says how a component is, whatever is seen, for a time.
pub(in crate::status) async fn say(
    app: &App,
    desk: &Desk,
    (page, id): (Option<StatusPageId>, StatusComponentId),
    text: &OverrideText,
) -> Result<Component, Error> {
    let new = text.parse()?;
    let (now, mut tx) = (app.now(), desk.begin().await?);
    let page = locked(desk, &mut tx, page).await?;
    let known = component(app, &mut tx, &page, id).await?;
    let said = Said {
        state: new.state,
        until: now + new.lasts,
        reason: new.reason,
        by: desk.who().label.clone(),
    };
    store::end_override(&mut tx, id, now).await?;
    store::set_override(&mut tx, id, &said, now).await?;
    let what =
        json!({ "component": known.name, "state": said.state, "until": said.until, "reason": said.reason });
    done(
        app,
        desk,
        &mut tx,
        &page,
        &Change::to("status_page.override", what),
    )
    .await?;
    tx.commit().await?;
    Ok(Component {
        said: Some(said),
        ..known
    })
}

/// Takes back what was said: what is seen counts again.
pub(in crate::status) async fn unsay(
    app: &App,
    desk: &Desk,
    (page, id): (Option<StatusPageId>, StatusComponentId),
) -> Result<(), Error> {
    let mut tx = desk.begin().await?;
    let page = locked(desk, &mut tx, page).await?;
    let known = component(app, &mut tx, &page, id).await?;
    if store::end_override(&mut tx, id, app.now()).await? {
        let what = json!({ "component": known.name });
        done(
            app,
            desk,
            &mut tx,
            &page,
            &Change::to("status_page.override_end", what),
        )
        .await?;
    }
    tx.commit().await
}
