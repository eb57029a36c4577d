//! The wallboard: what a room has to know, read from three metres, without anybody touching it. It changes nothing.

mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Staff(Permission::StaffTicketRead);
    Routes::new()
        .get("/staff/wallboard", read, pages::wall)
        .get("/staff/wallboard/live", read, pages::live)
}
