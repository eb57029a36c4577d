//! Saved views: a filter and an order of the queue under a name, one's own or everybody's.
//!
//! A view holds no more than the queue's address can say, read and written by the queue itself, so that a view never shows what
//! its reader may not see. Whoever may write tickets keeps their own; what all staff have needs the permission to manage tickets.

mod actions;
mod api;
mod model;
mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::web::{Routes, operation};

pub(super) use model::View;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketWrite));
    Routes::new()
        .get("/staff/tickets/views", read, pages::list)
        .form("/staff/tickets/views", write, pages::create)
        .form("/staff/tickets/views/{view}/settings", write, pages::save)
        .post("/staff/tickets/views/{view}/delete", write, pages::remove)
        .api(read, operation!(api::list))
        .api(write, operation!(api::create))
        .api(write, operation!(api::change))
        .api(write, operation!(api::remove))
}

/// Those that somebody has: their own, and everybody's, by name.
pub(super) async fn of(tx: &mut StaffTx, scope: &StaffScope) -> Result<Vec<View>, Error> {
    store::list(tx, scope.actor.user).await
}
