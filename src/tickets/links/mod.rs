//! Links between tickets of one tenant, and how two tickets become one or one becomes two.
//!
//! - Two tickets have one link at most. What duplicates or was caused by something leads in no circle.
//! - A merge moves nothing: the ticket is closed, says which one goes on with it, and that one shows what was written in it.
//! - A split moves the chosen posts with their files, and both tickets say so.

mod actions;
mod api;
mod model;
mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub use model::{Linked, Other};
pub(super) use store::{linked, merged};

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketWrite));
    Routes::new()
        .get("/staff/tickets/{ticket}/links", write, pages::show)
        .form("/staff/tickets/{ticket}/links", write, pages::link)
        .post(
            "/staff/tickets/{ticket}/links/{other}/remove",
            write,
            pages::unlink,
        )
        .form("/staff/tickets/{ticket}/merge", write, pages::merge)
        .form("/staff/tickets/{ticket}/split", write, pages::split)
        .api(Rule::Tenant(P::TicketRead), operation!(api::list))
        .api(read, operation!(api::staff_list))
        .api(write, operation!(api::link))
        .api(write, operation!(api::unlink))
        .api(write, operation!(api::merge))
        .api(write, operation!(api::split))
}
