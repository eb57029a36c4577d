//! Who watches a ticket. A tenant's people add each other; staff add whomever they need.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::TicketId;

use super::super::TOPIC;
use super::super::model::{Side, Watcher, parse_address};
use super::super::store;
use super::audit;

/// As many as watch a ticket.
const MOST: usize = 50;

/// Has somebody watch a ticket, in the transaction of `side`. Of the staff whoever has such an address is told of notes, too.
pub async fn watch(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (id, side): (TicketId, Side),
    address: &str,
) -> Result<(), Error> {
    let address = parse_address(address).map_err(|why| Error::invalid("address", why))?;
    let ticket = store::lock(tx, id).await?;
    if store::watchers(tx, id).await?.len() >= MOST {
        let message = format!("At most {MOST} people watch a ticket.");
        return Err(Error::conflict("too-many-watchers", message));
    }
    let customer = match ticket.tenant {
        Some(tenant) => store::member(tx, Some(tenant), &address).await?,
        None => None,
    };
    let colleague = match side {
        Side::Customer if customer.is_none() => {
            return Err(Error::invalid(
                "address",
                "Choose somebody of your organisation by their address here.",
            ));
        }
        Side::Customer => None,
        Side::Staff | Side::System => store::member(tx, None, &address).await?,
    };
    let is_staff = customer.is_none() && colleague.is_some();
    let watcher = Watcher {
        user: customer.or(colleague).map(|person| person.id),
        address,
        is_staff,
    };
    if !store::add_watcher(tx, id, &watcher, app.now()).await? {
        return Ok(());
    }
    events::emit(tx, ticket.tenant, TOPIC, Some(id.0)).await?;
    let change = Change::to("ticket.watch", json!({ "address": watcher.address }));
    audit(app, tx, who, (&ticket, !is_staff), &change).await
}

/// Ends that.
pub async fn unwatch(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TicketId,
    address: &str,
) -> Result<(), Error> {
    let ticket = store::lock(tx, id).await?;
    let watchers = store::watchers(tx, id).await?;
    let address = address.trim().to_lowercase();
    let found = watchers.iter().find(|watcher| watcher.address == address);
    let watcher = found.ok_or(Error::NotFound)?;
    store::remove_watcher(tx, id, &address).await?;
    events::emit(tx, ticket.tenant, TOPIC, Some(id.0)).await?;
    let change = Change {
        action: "ticket.unwatch",
        before: Some(json!({ "address": address })),
        after: None,
    };
    audit(app, tx, who, (&ticket, !watcher.is_staff), &change).await
}
