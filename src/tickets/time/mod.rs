//! Time that staff worked on tickets, and how much of it a month a plan includes.
//!
//! - Entries are added and never changed: a correction is another entry, of the difference, in the month of what it corrects.
//! - What is billable burns the included time of the ticket's tenant in its month (of UTC). More than that is no error: it is told.
//! - A tenant sees how much was spent, and not what staff wrote about it.

mod actions;
mod api;
mod model;
mod pages;
mod store;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub(super) use actions::support;
pub(super) use model::words;
pub(super) use store::spent;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketWrite));
    let (plans, manage) = (Rule::Staff(P::StaffPlanRead), Rule::Staff(P::StaffPlanManage));
    Routes::new()
        .get("/staff/tickets/{ticket}/time", read, pages::list)
        .form("/staff/tickets/{ticket}/time", write, pages::add)
        .get(
            "/staff/tickets/{ticket}/time/{entry}/correct",
            write,
            pages::correction,
        )
        .form(
            "/staff/tickets/{ticket}/time/{entry}/correct",
            write,
            pages::correct,
        )
        .get("/staff/plans/{plan}/support", manage, pages::plan)
        .form("/staff/plans/{plan}/support", manage, pages::save_plan)
        .api(read, operation!(api::list))
        .api(write, operation!(api::add))
        .api(write, operation!(api::correct))
        .api(Rule::Tenant(P::TicketRead), operation!(api::own))
        .api(read, operation!(api::of_tenant))
        .api(plans, operation!(api::plan))
        .api(manage, operation!(api::set_plan))
}
