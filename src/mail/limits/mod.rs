//! How much mail a plan allows, and what a tenant has of it.
//!
//! - A plan without a row of its own allows what the columns of `plan_mail` say by default ([`Limits::default`]).
//! - Whoever adds something locks the tenant's sums first ([`lock`]), then asks whether one more fits ([`room_for`]): of two that
//!   race for the last of a limit one is refused.
//! - Nothing is counted: triggers keep the sums.
//! - The room of mailboxes and the sending limits are not checked here but live, by the views that the mail service reads.

mod actions;
mod api;
mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use model::{Limits, Totals, WhenSuspended, room_for};
pub use store::{lock, of_tenant, totals};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (plans, manage) = (Rule::Staff(P::StaffPlanRead), Rule::Staff(P::StaffPlanManage));
    Routes::new()
        .get("/staff/plans/{plan}/mail", manage, pages::form)
        .form("/staff/plans/{plan}/mail", manage, pages::save)
        .api(plans, operation!(api::show))
        .api(manage, operation!(api::set))
}
