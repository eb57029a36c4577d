//! Schedules for programs: the same actions as the pages.

mod outs;
mod schedules;
mod zone;

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::ScheduleRead), Rule::Tenant(P::ScheduleWrite));
    Routes::new()
        .api(read, routes!(schedules::list))
        .api(write, routes!(schedules::create))
        .api(read, routes!(schedules::show))
        .api(write, routes!(schedules::change))
        .api(write, routes!(schedules::delete))
        .api(write, routes!(schedules::pause))
        .api(write, routes!(schedules::resume))
        .api(write, routes!(schedules::run))
        .api(read, routes!(schedules::runs))
        .api(read, routes!(schedules::show_run))
        .api(Rule::Tenant(P::TenantRead), routes!(zone::show))
        .api(Rule::Tenant(P::TenantManage), routes!(zone::set))
        .api(Rule::Staff(P::StaffTenantRead), routes!(zone::staff_show))
        .api(Rule::Staff(P::StaffTenantManage), routes!(zone::staff_set))
}
