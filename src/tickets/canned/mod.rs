//! Canned replies: answers that staff keep to be given again. What differs from ticket to ticket stands in them as variables, and a
//! variable that nobody knows is told to whoever saves it, not to the customer.

mod actions;
mod api;
mod model;
mod pages;
mod store;

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::Routes;

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
        .api(read, routes!(api::list))
        .api(manage, routes!(api::create))
        .api(read, routes!(api::show))
        .api(manage, routes!(api::change))
        .api(manage, routes!(api::remove))
        .api(read, routes!(api::fill))
}
