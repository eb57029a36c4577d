//! Tickets: what customers and staff say to each other about what does not work, and what the panel says by itself.
//!
//! - A ticket is a row with a state, and beside it two logs that only grow: what was written (`ticket_post`) and what happened
//!   (`ticket_event`). No role may delete any of them; they go with their tenant and not before.
//! - Every change is one transaction of whoever asks: it locks the ticket, writes its events, tells live pages (topic
//!   [`TOPIC`]) and enqueues the job that tells the other parts (`follow`): the SLA's clocks, people on call, webhooks, mail.
//!   So a panel that dies loses no change and tells none that was undone.
//! - Whose hand it is follows from the transaction: a tenant's is a customer's, staff's is staff's. The panel's own speaks for
//!   the person that it names, if it names one. Row-level security holds to the same: a tenant's transaction sees and writes
//!   what is public, and nothing else.
//! - A ticket without tenant waits in triage, or is about several tenants. No tenant sees it.

mod actions;
mod api;
mod follow;
pub mod model;
mod query;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub mod attachments;
mod canned;
mod checklists;
mod extras;
mod links;
mod pages;
mod satisfaction;
mod time;
mod views;
mod wallboard;

use crate::app::App;
use crate::platform::web::Routes;

pub use actions::{
    Assignee, BulkOutcome, Opening, Patch, acknowledge, add_post, assign, bulk, change_by_staff,
    close_resolved, give_to_tenant, merge_into, note_by_staff, open, open_by_customer, open_by_staff, record,
    reply_by_customer, reply_by_staff, resolve_by_customer, set_severity, set_state, take, unwatch, watch,
};
pub use extras::{ExtrasView, extras_panel};
pub use follow::{follow_again, register};
pub use model::{
    About, Author, EventKind, LoggedEvent, NewPost, NewTicket, Post, PostKind, Severity, Side, Source, State,
    Ticket, TicketEvent, Watcher,
};
pub use query::{TenantTicketQuery, TicketFilter, TicketQuery};
pub use store::pages::{TicketCounts, counts};
pub use store::{
    Person, about, add_watcher, by_number, events_of, events_of_all, find, find_all, lock, lock_in_order,
    lock_last, log_of, place_in, places, posts_of, set_due, staff, things, watchers,
};

/// Events about a ticket have this topic; the target is the ticket.
pub const TOPIC: &str = "ticket";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    api::routes()
        .merge(extras::routes())
        .merge(pages::routes())
        .merge(views::routes())
        .merge(wallboard::routes())
}
