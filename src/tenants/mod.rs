//! Customer organisations: plans with limits, status, members.
//!
//! What must hold: a tenant always has an owner once it had one; its slug never changes; a limit that is lowered below
//! use takes nothing away and only stops creation; suspending and closing stop the tenant's servers and lose nothing;
//! a closed tenant is erased after its retention, its servers first, and its audit events stay.

mod actions;
mod api;
mod model;
mod pages;
mod query;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use actions::{
    By, change_role, change_status, change_status_in, create, create_plan, purge_closed, remove, update,
    update_plan,
};
pub use model::{
    Amounts, Gauge, Member, Name, NewPlan, NewTenant, Plan, PlanPatch, Reason, Resource, Slug, Status,
    Tenant, TenantPatch, Verb,
};
pub use store::{disk_limits, find_tenant, usage};
pub(crate) use store::{find_plan, lock_plan};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The routes of tenants, plans and members.
pub fn routes() -> Routes<App> {
    staff_pages()
        .merge(plan_pages())
        .merge(tenant_pages())
        .merge(tenant_api())
        .merge(staff_api())
        .merge(plan_api())
}

fn tenant_pages() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MemberRead), Rule::Tenant(P::MemberManage));
    Routes::new()
        .get(
            "/t/{tenant}/settings",
            Rule::Tenant(P::TenantRead),
            pages::own::settings,
        )
        .get("/t/{tenant}/members", read, pages::own_members::list)
        .form(
            "/t/{tenant}/members/invitations",
            write,
            pages::own_members::invite,
        )
        .post(
            "/t/{tenant}/members/invitations/{invitation}/revoke",
            write,
            pages::own_members::revoke,
        )
        .post(
            "/t/{tenant}/members/{user}/role",
            write,
            pages::own_members::change_role,
        )
        .post(
            "/t/{tenant}/members/{user}/remove",
            write,
            pages::own_members::remove,
        )
        // Whoever is in may go.
        .post(
            "/t/{tenant}/leave",
            Rule::Tenant(P::TenantLeave),
            pages::own_members::leave,
        )
}

fn staff_pages() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTenantRead), Rule::Staff(P::StaffTenantManage));
    let suspend = Rule::Staff(P::StaffTenantSuspend);
    Routes::new()
        .get("/staff/tenants", read, pages::list::list)
        .get("/staff/tenants/new", write, pages::new::form)
        .form("/staff/tenants", write, pages::new::create)
        .get("/staff/tenants/{tenant}", read, pages::show::overview)
        .get("/staff/tenants/{tenant}/settings", write, pages::settings::show)
        .form("/staff/tenants/{tenant}/settings", write, pages::settings::save)
        .get("/staff/tenants/{tenant}/plan", write, pages::plan_change::preview)
        .form("/staff/tenants/{tenant}/plan", write, pages::plan_change::save)
        .get(
            "/staff/tenants/{tenant}/suspend",
            suspend,
            pages::status::suspend_form,
        )
        .form("/staff/tenants/{tenant}/suspend", suspend, pages::status::suspend)
        .post("/staff/tenants/{tenant}/resume", suspend, pages::status::resume)
        .get(
            "/staff/tenants/{tenant}/close",
            suspend,
            pages::status::close_form,
        )
        .form("/staff/tenants/{tenant}/close", suspend, pages::status::close)
        .post("/staff/tenants/{tenant}/reopen", suspend, pages::status::reopen)
        .get("/staff/tenants/{tenant}/members", read, pages::members::list)
        .form(
            "/staff/tenants/{tenant}/members/invitations",
            write,
            pages::members::invite,
        )
        .post(
            "/staff/tenants/{tenant}/members/invitations/{invitation}/revoke",
            write,
            pages::members::revoke,
        )
        .post(
            "/staff/tenants/{tenant}/members/{user}/role",
            write,
            pages::members::change_role,
        )
        .post(
            "/staff/tenants/{tenant}/members/{user}/remove",
            write,
            pages::members::remove,
        )
}

fn plan_pages() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffPlanRead), Rule::Staff(P::StaffPlanManage));
    Routes::new()
        .get("/staff/plans", read, pages::plans::list)
        .get("/staff/plans/new", write, pages::plans::form)
        .form("/staff/plans", write, pages::plans::create)
        .get("/staff/plans/{plan}", read, pages::plan::show)
        .form("/staff/plans/{plan}", write, pages::plan::save)
        .post("/staff/plans/{plan}/archive", write, pages::plan::archive)
        .post("/staff/plans/{plan}/restore", write, pages::plan::restore)
}

fn tenant_api() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(P::TenantRead), operation!(api::tenant::show))
        .api(Rule::Tenant(P::TenantLeave), operation!(api::tenant::leave))
        .api(Rule::Tenant(P::MemberRead), operation!(api::members::list))
        .api(Rule::Tenant(P::MemberRead), operation!(api::members::show))
        .api(Rule::Tenant(P::MemberManage), operation!(api::members::change))
        .api(Rule::Tenant(P::MemberManage), operation!(api::members::remove))
        .api(Rule::Tenant(P::MemberRead), operation!(api::invitations::list))
        .api(
            Rule::Tenant(P::MemberManage),
            operation!(api::invitations::create),
        )
        .api(
            Rule::Tenant(P::MemberManage),
            operation!(api::invitations::revoke),
        )
}

fn staff_api() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTenantRead), Rule::Staff(P::StaffTenantManage));
    let suspend = Rule::Staff(P::StaffTenantSuspend);
    Routes::new()
        .api(read, operation!(api::staff::list))
        .api(write, operation!(api::staff::create))
        .api(read, operation!(api::staff::show))
        .api(write, operation!(api::staff::change))
        .api(suspend, operation!(api::staff::suspend))
        .api(suspend, operation!(api::staff::resume))
        .api(suspend, operation!(api::staff::close))
        .api(suspend, operation!(api::staff::reopen))
        .api(read, operation!(api::members::staff_list))
        .api(write, operation!(api::members::staff_change))
        .api(write, operation!(api::members::staff_remove))
        .api(read, operation!(api::invitations::staff_list))
        .api(write, operation!(api::invitations::staff_create))
        .api(write, operation!(api::invitations::staff_revoke))
}

fn plan_api() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffPlanRead), Rule::Staff(P::StaffPlanManage));
    Routes::new()
        .api(read, operation!(api::plans::list))
        .api(write, operation!(api::plans::create))
        .api(read, operation!(api::plans::show))
        .api(write, operation!(api::plans::change))
        .api(write, operation!(api::plans::archive))
        .api(write, operation!(api::plans::restore))
}
