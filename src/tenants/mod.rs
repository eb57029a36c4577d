//! Customer organisations: plans with limits, status, members.
//!
//! What must hold: a tenant always has an owner once it had one; its slug never changes; a limit that is lowered below
//! use takes nothing away and only stops creation; suspending and closing stop the tenant's servers and lose nothing;
//! a closed tenant is erased after its retention, its servers first, and its audit events stay.

mod actions;
mod api;
mod model;
mod query;
mod store;

pub use model::{Amounts, Gauge, Resource};
pub use store::{find_tenant, usage};

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::Routes;

/// The routes of tenants, plans and members.
pub fn routes() -> Routes<App> {
    tenant_api().merge(staff_api()).merge(plan_api())
}

fn tenant_api() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(P::TenantRead), routes!(api::tenant::show))
        .api(Rule::Tenant(P::MemberRead), routes!(api::members::list))
        .api(Rule::Tenant(P::MemberRead), routes!(api::members::show))
        .api(Rule::Tenant(P::MemberManage), routes!(api::members::change))
        .api(Rule::Tenant(P::MemberManage), routes!(api::members::remove))
}

fn staff_api() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTenantRead), Rule::Staff(P::StaffTenantManage));
    let suspend = Rule::Staff(P::StaffTenantSuspend);
    Routes::new()
        .api(read, routes!(api::staff::list))
        .api(write, routes!(api::staff::create))
        .api(read, routes!(api::staff::show))
        .api(write, routes!(api::staff::change))
        .api(suspend, routes!(api::staff::suspend))
        .api(suspend, routes!(api::staff::resume))
        .api(suspend, routes!(api::staff::close))
        .api(suspend, routes!(api::staff::reopen))
        .api(read, routes!(api::members::staff_list))
        .api(write, routes!(api::members::staff_change))
        .api(write, routes!(api::members::staff_remove))
}

fn plan_api() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffPlanRead), Rule::Staff(P::StaffPlanManage));
    Routes::new()
        .api(read, routes!(api::plans::list))
        .api(write, routes!(api::plans::create))
        .api(read, routes!(api::plans::show))
        .api(write, routes!(api::plans::change))
        .api(write, routes!(api::plans::archive))
        .api(write, routes!(api::plans::restore))
}
