//! The ledger of storage: how much of a tenant's plan its things hold, how that came to be, and what follows from it.
//!
//! - Features write what a thing holds by [`record`] and [`forget`], in their own transaction; what servers' volumes hold is
//!   taken over whenever `usage` has measured it ([`measured`]). Only what differs is written, with its history and its
//!   tenant's sum, so the ledger always adds up.
//! - [`begin`] judges whoever's sum, plan or policy changed: warnings at 80, 90 and 100 percent, once for each crossing, and
//!   suspension where the plan says so. The verdict is pure (`model`), and what it was about is kept with it, so a panel that
//!   dies before or after comes to the same.
//! - [`limits`] is asked wherever something larger is made.
//! - What a location has, has sold and may sell is kept beside it, and [`admit_at`] is asked wherever something is placed there.
//! - Mail is there by domain: what its mailboxes hold, as the mail service writes it.
//! - Backups are counted and fill nobody's plan: they lie elsewhere.

mod actions;
mod api;
mod capacity;
mod judge;
pub mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

pub use actions::{forget, limits, measured, record};
pub use capacity::admit_at;
pub use judge::{begin, judge};
pub use model::{Kind, Level};
pub use pages::with_warning;
pub use store::{Warning, mailed};

/// Events about what is used, and of warnings, have this topic.
pub const TOPIC: &str = "storage";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::TenantRead);
    let plans = Rule::Staff(Permission::StaffPlanRead);
    let manage = Rule::Staff(Permission::StaffPlanManage);
    let system = Rule::Staff(Permission::StaffSystemRead);
    let tenants = Rule::Staff(Permission::StaffTenantRead);
    Routes::new()
        .get("/t/{tenant}/storage", read, pages::show::show)
        .get("/t/{tenant}/storage/data", read, pages::show::data)
        .get("/t/{tenant}/storage/live", read, pages::live::live)
        .get("/staff/plans/{plan}/overuse", manage, pages::plan::form)
        .form("/staff/plans/{plan}/overuse", manage, pages::plan::save)
        .get("/staff/capacity", system, pages::capacity::show)
        .form("/staff/capacity/{location}", manage, pages::capacity::save)
        .api(system, operation!(api::capacity::show))
        .api(manage, operation!(api::capacity::change))
        .api(read, operation!(api::show))
        .api(read, operation!(api::things))
        .api(read, operation!(api::history))
        .api(read, operation!(api::notices))
        .api(tenants, operation!(api::staff_show))
        .api(plans, operation!(api::overuse::show))
        .api(manage, operation!(api::overuse::set))
}
