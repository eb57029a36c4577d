//! Canned replies: answers that staff keep to be given again. What differs from ticket to ticket stands in them as variables, and a
//! variable that nobody knows is told to whoever saves it, not to the customer.

mod actions;
mod api;
mod model;
mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub(super) use model::parse_name;
pub(super) use store::names;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, manage) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketManage));
    Routes::new()
        .get("/staff/tickets/canned", read, pages::list)
        .get("/staff/tickets/canned/new", manage, pages::new)
        .form("/staff/tickets/canned", manage, pages::create)
        .get("/staff/tickets/canned/{canned}", manage, pages::edit)
        .form("/staff/tickets/canned/{canned}", manage, pages::save)
        .post("/staff/tickets/canned/{canned}/delete", manage, pages::remove)
        .get(
            "/staff/tickets/{ticket}/canned",
            Rule::Staff(P::StaffTicketWrite),
            pages::fill,
        )
        .api(read, operation!(api::list))
        .api(manage, operation!(api::create))
        .api(read, operation!(api::show))
        .api(manage, operation!(api::change))
        .api(manage, operation!(api::remove))
        .api(read, operation!(api::fill))
}
