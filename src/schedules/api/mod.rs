//! Schedules for programs: the same actions as the pages.

mod outs;
mod schedules;
mod zone;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::ScheduleRead), Rule::Tenant(P::ScheduleWrite));
    Routes::new()
        .api(read, operation!(schedules::list))
        .api(write, operation!(schedules::create))
        .api(read, operation!(schedules::show))
        .api(write, operation!(schedules::change))
        .api(write, operation!(schedules::delete))
        .api(write, operation!(schedules::pause))
        .api(write, operation!(schedules::resume))
        .api(write, operation!(schedules::run))
        .api(read, operation!(schedules::runs))
        .api(read, operation!(schedules::show_run))
        .api(Rule::Tenant(P::TenantRead), operation!(zone::show))
        .api(Rule::Tenant(P::TenantManage), operation!(zone::set))
        .api(Rule::Staff(P::StaffTenantRead), operation!(zone::staff_show))
        .api(Rule::Staff(P::StaffTenantManage), operation!(zone::staff_set))
}
