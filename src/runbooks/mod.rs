//! Runbooks: what to do about a failure, step by step, with figures of how often each one helped.
//!
//! - They are Markdown files in `runbooks/`, embedded, and change with releases only. What is in the database is who used which
//!   one for which ticket, and whether it helped.
//! - Which ones fit a failure is pure: by its signature, and by what else is known of it.

mod actions;
mod api;
mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

pub(crate) use model::ended;
pub use model::{Runbook, Step, find, matching};
pub use store::{Figures, Use, figures, uses_of};

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let read = Rule::Staff(Permission::StaffRunbookRead);
    let write = Rule::Staff(Permission::StaffTicketWrite);
    Routes::new()
        .get("/staff/runbooks", read, pages::list)
        .get("/staff/runbooks/{runbook}", read, pages::show)
        .post("/staff/tickets/{ticket}/runbooks/{runbook}", write, pages::mark)
        .api(read, operation!(api::list))
        .api(read, operation!(api::show))
        .api(write, operation!(api::mark))
}
