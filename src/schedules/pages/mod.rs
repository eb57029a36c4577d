//! Schedules for people: a tab of each server's page, and the time zone that they are read in.

mod act;
mod form;
mod list;
mod live;
mod rows;
mod run;
mod show;
mod zone;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (
        Rule::Tenant(Permission::ScheduleRead),
        Rule::Tenant(Permission::ScheduleWrite),
    );
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/schedules", read, list::show)
        .get("/t/{tenant}/servers/{server_id}/schedules/live", read, live::list)
        .get("/t/{tenant}/servers/{server_id}/schedules/new", write, form::new)
        .form("/t/{tenant}/servers/{server_id}/schedules", write, form::create)
        .get(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}",
            read,
            show::show,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/live",
            read,
            live::one,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/edit",
            write,
            form::edit,
        )
        .form(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}",
            write,
            form::save,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/pause",
            write,
            act::pause,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/resume",
            write,
            act::resume,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/run",
            write,
            act::run,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/delete",
            write,
            act::delete,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/runs/{run}",
            read,
            run::show,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/schedules/{schedule}/runs/{run}/live",
            read,
            run::live,
        )
        .merge(zone_routes())
}

fn zone_routes() -> Routes<App> {
    let (own, staff) = (
        Rule::Tenant(Permission::TenantManage),
        Rule::Staff(Permission::StaffTenantManage),
    );
    Routes::new()
        .get("/t/{tenant}/settings/time-zone", own, zone::form)
        .form("/t/{tenant}/settings/time-zone", own, zone::save)
        .get("/staff/tenants/{tenant}/time-zone", staff, zone::staff_form)
        .form("/staff/tenants/{tenant}/time-zone", staff, zone::staff_save)
}
