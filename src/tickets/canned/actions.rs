//! Keeping canned replies, and filling one for a ticket.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::{CannedReplyId, TicketId};
use crate::tickets;
use crate::tickets::store::name_of;

use super::model::{Canned, Values, Wish};
use super::store;

/// Keeps one.
pub(super) async fn create(
    app: &App,
    scope: &StaffScope,
    wish: Result<Wish, Error>,
) -> Result<Canned, Error> {
    let (wish, now) = (wish?, app.now());
    let id = CannedReplyId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    store::insert(&mut tx, id, &wish, &scope.who.label, now).await?;
    let new = store::find(&mut tx, id).await?;
    audit(app, &mut tx, scope, &new, "canned-reply.create").await?;
    tx.commit().await?;
    Ok(new)
}

/// Makes one what `wish` says of what it is.
pub(super) async fn change(
    app: &App,
    scope: &StaffScope,
    id: CannedReplyId,
    wish: impl FnOnce(&Canned) -> Result<Wish, Error> + Send,
    is_seen: impl FnOnce(i64) -> Result<(), Error> + Send,
) -> Result<Canned, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    is_seen(before.version)?;
    store::save(&mut tx, id, &wish(&before)?, app.now()).await?;
    let after = store::find(&mut tx, id).await?;
    audit(app, &mut tx, scope, &after, "canned-reply.change").await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes one away. What was answered by it stays.
pub(super) async fn remove(app: &App, scope: &StaffScope, id: CannedReplyId) -> Result<Canned, Error> {
    let mut tx = scope.begin().await?;
    let gone = store::lock(&mut tx, id).await?;
    store::delete(&mut tx, id).await?;
    audit(app, &mut tx, scope, &gone, "canned-reply.delete").await?;
    tx.commit().await?;
    Ok(gone)
}

async fn audit(
    app: &App,
    tx: &mut StaffTx,
    scope: &StaffScope,
    canned: &Canned,
    verb: &'static str,
) -> Result<(), Error> {
    let target = Target {
        kind: "canned-reply",
        id: Some(canned.id.0),
        label: &canned.name,
        tenant: None,
    };
    let change = Change::to(verb, json!({ "body": canned.body }));
    app.audit(tx, &scope.who, &target, &change).await
}

/// A reply as it is given to the customer of a ticket.
pub(super) async fn fill(scope: &StaffScope, ticket: TicketId, id: CannedReplyId) -> Result<String, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::find(&mut tx, ticket).await?;
    let canned = store::find(&mut tx, id).await?;
    let opener = match ticket.opened_by {
        Some(user) => name_of(&mut tx, user).await?,
        None => None,
    };
    let things = tickets::things(&mut tx, ticket.id).await?;
    let things: Vec<String> = things.into_iter().map(|thing| thing.label).collect();
    let values = Values {
        customer: opener
            .or(ticket.tenant_name)
            .unwrap_or_else(|| "customer".to_owned()),
        server: if things.is_empty() {
            "your service".to_owned()
        } else {
            things.join(", ")
        },
        ticket: format!("#{}", ticket.number),
        engineer: scope.actor.name.clone(),
        due: ticket.due_at.map_or_else(
            || "as soon as possible".to_owned(),
            |due| due.format("%-d %b %Y %H:%M UTC").to_string(),
        ),
    };
    Ok(values.fill(&canned.body))
}
