//! Keeping checklists, and working through them on tickets.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::{ChecklistId, TicketId};
use crate::tickets;
use crate::tickets::extras::tell_staff;

use super::model::{Checklist, Template, Wish};
use super::store;

/// As many checklists as a ticket may have.
const MAX_ON_TICKET: usize = 10;

/// Keeps a template.
pub(super) async fn create(
    app: &App,
    scope: &StaffScope,
    wish: Result<Wish, Error>,
) -> Result<Template, Error> {
    let (wish, now) = (wish?, app.now());
    let id = ChecklistId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    store::insert(&mut tx, id, &wish, &scope.who.label, now).await?;
    let new = store::find(&mut tx, id).await?;
    audit(app, &mut tx, scope, &new, "checklist.create").await?;
    tx.commit().await?;
    Ok(new)
}

/// Makes a template what `wish` says of what it is. Tickets that have it keep theirs.
pub(super) async fn change(
    app: &App,
    scope: &StaffScope,
    id: ChecklistId,
    wish: impl FnOnce(&Template) -> Result<Wish, Error> + Send,
    is_seen: impl FnOnce(i64) -> Result<(), Error> + Send,
) -> Result<Template, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    is_seen(before.version)?;
    store::save(&mut tx, id, &wish(&before)?, app.now()).await?;
    let after = store::find(&mut tx, id).await?;
    audit(app, &mut tx, scope, &after, "checklist.change").await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes a template away. Tickets that have it keep theirs.
pub(super) async fn remove(app: &App, scope: &StaffScope, id: ChecklistId) -> Result<Template, Error> {
    let mut tx = scope.begin().await?;
    let gone = store::lock(&mut tx, id).await?;
    store::delete(&mut tx, id).await?;
    audit(app, &mut tx, scope, &gone, "checklist.delete").await?;
    tx.commit().await?;
    Ok(gone)
}

async fn audit(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    template: &Template,
    verb: &'static str,
) -> Result<(), Error> {
    let target = Target {
        kind: "checklist",
        id: Some(template.id.0),
        label: &template.name,
        tenant: None,
    };
    let change = Change::to(verb, json!({ "items": template.items }));
    app.audit(tx, &scope.who, &target, &change).await
}

async fn one(tx: &mut StaffTx, ticket: TicketId, id: ChecklistId) -> Result<Checklist, Error> {
    let all = store::of_ticket(tx, ticket).await?;
    all.into_iter().find(|one| one.id == id).ok_or(Error::NotFound)
}

/// Copies a template to a ticket.
pub(super) async fn add(
    app: &App,
    scope: &StaffScope,
    ticket: TicketId,
    template: ChecklistId,
) -> Result<Checklist, Error> {
    let now = app.now();
    let id = ChecklistId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, ticket).await?;
    let template = store::find(&mut tx, template)
        .await
        .map_err(|error| match error {
            Error::NotFound => Error::invalid("template", "This checklist is gone. Choose another one."),
            error => error,
        })?;
    if store::of_ticket(&mut tx, ticket.id).await?.len() >= MAX_ON_TICKET {
        let message = format!("A ticket has at most {MAX_ON_TICKET} checklists. Remove one first.");
        return Err(Error::conflict("too-many-checklists", message));
    }
    store::add(&mut tx, (ticket.id, id), &template, &scope.who.label, now).await?;
    let change = Change::to("ticket.checklist-add", json!({ "checklist": template.name }));
    tell_staff(app, &mut tx, &scope.who, &ticket, &change).await?;
    let new = one(&mut tx, ticket.id, id).await?;
    tx.commit().await?;
    Ok(new)
}

/// Says that an item of a ticket's checklist is done, or not.
pub(super) async fn tick(
    app: &App,
    scope: &StaffScope,
    (ticket, id): (TicketId, ChecklistId),
    (place, is_done): (i32, bool),
) -> Result<Checklist, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, ticket).await?;
    let before = one(&mut tx, ticket.id, id).await?;
    let item = before.items.iter().find(|item| item.place == place);
    let words = item.map(|item| item.words.as_str()).ok_or(Error::NotFound)?;
    let done = is_done.then(|| (scope.actor.name.as_str(), app.now()));
    if !store::tick(&mut tx, (id, place), done).await? {
        return Ok(before);
    }
    let shown = json!({ "checklist": before.name, "item": words, "done": is_done });
    let change = Change::to("ticket.checklist-tick", shown);
    tell_staff(app, &mut tx, &scope.who, &ticket, &change).await?;
    let after = one(&mut tx, ticket.id, id).await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes a checklist off a ticket.
pub(super) async fn take_off(
    app: &App,
    scope: &StaffScope,
    (ticket, id): (TicketId, ChecklistId),
) -> Result<Checklist, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::lock(&mut tx, ticket).await?;
    let gone = one(&mut tx, ticket.id, id).await?;
    store::take_off(&mut tx, id).await?;
    let change = Change::to("ticket.checklist-remove", json!({ "checklist": gone.name }));
    tell_staff(app, &mut tx, &scope.who, &ticket, &change).await?;
    tx.commit().await?;
    Ok(gone)
}
