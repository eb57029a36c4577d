//! Checklists: what is to be done about tickets of a kind, as templates, and as copies on tickets where each item is ticked off by
//! somebody at some time. All of it is staff's own.

mod actions;
mod api;
mod model;
mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub use model::Checklist;
pub(super) use store::{of_ticket, template_names};

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, manage) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketManage));
    let write = Rule::Staff(P::StaffTicketWrite);
    let on = "/staff/tickets/{ticket}/checklists";
    Routes::new()
        .get("/staff/tickets/checklists", read, pages::list)
        .get("/staff/tickets/checklists/new", manage, pages::new)
        .form("/staff/tickets/checklists", manage, pages::create)
        .get("/staff/tickets/checklists/{checklist}", manage, pages::edit)
        .form("/staff/tickets/checklists/{checklist}", manage, pages::save)
        .post(
            "/staff/tickets/checklists/{checklist}/delete",
            manage,
            pages::remove,
        )
        .post(on, write, pages::add)
        .post(&format!("{on}/{{checklist}}/items/{{item}}"), write, pages::tick)
        .post(&format!("{on}/{{checklist}}/remove"), write, pages::take_off)
        .api(read, operation!(api::list))
        .api(manage, operation!(api::create))
        .api(read, operation!(api::show))
        .api(manage, operation!(api::change))
        .api(manage, operation!(api::remove))
        .api(read, operation!(api::of_ticket))
        .api(write, operation!(api::add))
        .api(write, operation!(api::tick))
        .api(write, operation!(api::take_off))
}
