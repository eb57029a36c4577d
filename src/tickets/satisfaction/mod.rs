//! What customers say of tickets that are over: good or bad, and words. They say it once, and may change it for a week.

mod actions;
mod api;
mod model;
mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub use model::Satisfaction;
pub(super) use model::may_answer;
pub(super) use store::of_ticket;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::TicketRead), Rule::Tenant(P::TicketWrite));
    let staff = Rule::Staff(P::StaffTicketRead);
    Routes::new()
        .get("/t/{tenant}/tickets/{ticket}/satisfaction", write, pages::form)
        .form("/t/{tenant}/tickets/{ticket}/satisfaction", write, pages::save)
        .get("/staff/tickets/satisfaction", staff, pages::months)
        .api(read, operation!(api::show))
        .api(write, operation!(api::answer))
        .api(staff, operation!(api::list))
}
