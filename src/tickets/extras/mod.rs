//! What a ticket has besides what people write: files, checklists, time, links to other tickets, and what the customer said at its
//! end. Here is what the parts share, and the panel that shows all of it beside a ticket.
//!
//! - Both sides of a ticket see its public files, its links, the time that was spent and the customer's answer; checklists, internal
//!   files and what was done in that time are staff's own. Row-level security says so, by the ticket.
//! - Whoever changes any of it locks the ticket first, so that two never wait for each other.

mod panel;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use panel::{ExtrasView, extras_panel};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Permission as P, StaffScope, TenantScope, Who};
use crate::platform::db::{Scoped, StaffTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::web::{Ctx, Routes};

use super::model::Ticket;
use super::{TOPIC, attachments, canned, checklists, links, satisfaction, time};

/// The addresses of all parts.
pub(super) fn routes() -> Routes<App> {
    attachments::routes()
        .merge(canned::routes())
        .merge(checklists::routes())
        .merge(time::routes())
        .merge(links::routes())
        .merge(satisfaction::routes())
}

/// One side of a ticket, for what both sides do: the customer's, or staff's.
pub trait ExtrasSide: Clone + Send + Sync + 'static {
    /// What its transactions are.
    type Tx: Scoped;
    /// Whether it is staff's.
    const IS_STAFF: bool;

    /// Opens a transaction.
    fn open(&self) -> impl Future<Output = Result<Self::Tx, Error>> + Send;
    /// Makes the changes of one last.
    fn close(tx: Self::Tx) -> impl Future<Output = Result<(), Error>> + Send;
    /// Who asks.
    fn asker(&self) -> &Who;
    /// Where its tickets are.
    fn tickets(&self) -> String;
    /// Whether who asks may write on tickets.
    fn may_write(&self) -> bool;
}

impl ExtrasSide for TenantScope {
    type Tx = TenantTx;
    const IS_STAFF: bool = false;

    async fn open(&self) -> Result<TenantTx, Error> {
        self.begin().await
    }

    async fn close(tx: TenantTx) -> Result<(), Error> {
        tx.commit().await
    }

    fn asker(&self) -> &Who {
        &self.who
    }

    fn tickets(&self) -> String {
        format!("/t/{}/tickets", self.member.slug)
    }

    fn may_write(&self) -> bool {
        self.may(P::TicketWrite)
    }
}

impl ExtrasSide for StaffScope {
    type Tx = StaffTx;
    const IS_STAFF: bool = true;

    async fn open(&self) -> Result<StaffTx, Error> {
        self.begin().await
    }

    async fn close(tx: StaffTx) -> Result<(), Error> {
        tx.commit().await
    }

    fn asker(&self) -> &Who {
        &self.who
    }

    fn tickets(&self) -> String {
        "/staff/tickets".to_owned()
    }

    fn may_write(&self) -> bool {
        self.may(P::StaffTicketWrite)
    }
}

/// Where a ticket is.
pub(super) fn href(side: &impl ExtrasSide, ticket: &Ticket) -> String {
    format!("{}/{}", side.tickets(), ticket.id)
}

/// The way back from a page below a ticket.
pub(super) fn crumbs(ctx: Ctx, side: &impl ExtrasSide, ticket: &Ticket) -> Ctx {
    ctx.with_crumbs([
        ("Tickets".to_owned(), side.tickets()),
        (ticket.label(), href(side, ticket)),
    ])
}

/// Writes the audit event of a change that the ticket's customer may know of, and tells the pages that show the ticket.
pub(super) async fn tell(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    ticket: &Ticket,
    change: &Change,
) -> Result<(), Error> {
    note(app, tx, who, (ticket, true), change).await
}

/// The same for what staff alone may know of: the event is no tenant's.
pub(super) async fn tell_staff(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    ticket: &Ticket,
    change: &Change,
) -> Result<(), Error> {
    note(app, tx, who, (ticket, false), change).await
}

async fn note(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (ticket, is_public): (&Ticket, bool),
    change: &Change,
) -> Result<(), Error> {
    let (label, tenant) = (ticket.label(), ticket.tenant.filter(|_| is_public));
    let target = Target {
        kind: "ticket",
        id: Some(ticket.id.0),
        label: &label,
        tenant,
    };
    events::emit(tx, tenant, TOPIC, Some(ticket.id.0)).await?;
    app.audit(tx, who, &target, change).await
}
