//! Where people arrive: the way to their area, and what matters in it at a glance.
//!
//! A dashboard reads counts and the few things that need attention, each a link to where to act. It changes nothing.

mod api;
mod pages;
mod store;
mod trouble;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

/// The start page and the dashboards.
pub fn routes() -> Routes<App> {
    Routes::new()
        .get("/", Rule::Public, pages::home)
        .get("/areas", Rule::SignedIn, pages::areas)
        .get("/t/{tenant}", Rule::Tenant(Permission::TenantRead), pages::tenant)
        .get("/staff", Rule::Staff(Permission::StaffSystemRead), pages::staff)
        .api(Rule::Tenant(Permission::TenantRead), operation!(api::tenant))
        .api(Rule::Staff(Permission::StaffSystemRead), operation!(api::staff))
}
