//! Whose a ticket is, and which one goes on with it: in the transaction of the parts that ask people about it.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId};

use super::super::model::{EventKind, State, Ticket};
use super::super::store;
use super::{Actor, Entry, audit, check_not_merged, happened};

/// Gives a ticket from triage to the tenant that it is about. It reads what is public of it from then on, so nothing of it may be
/// about what another one has.
pub async fn give_to_tenant(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    tenant: TenantId,
) -> Result<Ticket, Error> {
    let ticket = store::lock(tx, id).await?;
    if ticket.tenant == Some(tenant) {
        return Ok(ticket);
    }
    if ticket.tenant.is_some() {
        return Err(Error::conflict(
            "ticket-has-tenant",
            "This ticket is an organisation's already. Another one must not read what it wrote.",
        ));
    }
    check_not_merged(&ticket)?;
    if store::is_about_others(tx, id, tenant).await? {
        return Err(Error::conflict(
            "ticket-about-others",
            "This ticket is about things that this organisation does not have. Open one for it, and name its own there.",
        ));
    }
    store::save_tenant(tx, id, tenant, app.now()).await?;
    let ticket = store::find(tx, id).await?;
    let actor = Actor::of(tx, who).await?;
    happened(app, tx, &actor, &ticket, [EventKind::Tagged.into()]).await?;
    let change = Change::to("ticket.give", json!({ "tenant": ticket.tenant_name }));
    audit(app, tx, who, (&ticket, true), &change).await?;
    Ok(ticket)
}

/// Ends a ticket that another one of the same tenant goes on with. Whoever was told of it is told of the other one.
pub async fn merge_into(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    into: TicketId,
) -> Result<Ticket, Error> {
    // In one order, so that two who merge two tickets into each other do not wait for each other.
    let (first, second) = (id.min(into), id.max(into));
    store::lock(tx, first).await?;
    store::lock(tx, second).await?;
    let (ticket, goes_on) = (store::find(tx, id).await?, store::find(tx, into).await?);
    check_not_merged(&ticket)?;
    check_not_merged(&goes_on)?;
    if id == into || ticket.tenant != goes_on.tenant {
        let message = "Choose another ticket of the same organisation.";
        return Err(Error::invalid("into", message));
    }
    let now = app.now();
    let mut entries: Vec<Entry> = vec![EventKind::Merged { into }.into()];
    if ticket.state != State::Closed {
        store::save_state(tx, id, State::Closed, now).await?;
        let (from, to) = (ticket.state, State::Closed);
        entries.push(EventKind::StateChanged { from, to }.into());
    }
    store::save_merged(tx, id, into, now).await?;
    store::copy_watchers(tx, id, into, now).await?;
    store::touch(tx, into, now).await?;
    let actor = Actor::of(tx, who).await?;
    happened(app, tx, &actor, &ticket, entries).await?;
    happened(app, tx, &actor, &goes_on, [EventKind::Linked.into()]).await?;
    let change = Change::to("ticket.merge", json!({ "into": goes_on.label() }));
    audit(app, tx, who, (&ticket, true), &change).await?;
    store::find(tx, id).await
}
