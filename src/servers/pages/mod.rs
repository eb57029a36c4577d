//! Servers for people: list, create, look, command, change, delete.

mod banner;
mod clone;
mod deleted;
mod events;
mod guide;
mod head;
mod installation;
mod list;
mod live;
mod logs;
mod moves;
mod new;
mod power;
mod rebuild;
mod settings;
mod several;
mod several_staff;
mod show;
mod staff;
mod suspend;
mod update;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::ids::ServerId;
use crate::platform::web::Routes;

use super::model::Phase;

pub use banner::{live_page, with_engine_banner};
pub use head::{Head, crumbs};
pub use new::{Question, Room, rooms};

/// The addresses.
pub fn routes() -> Routes<App> {
    use Permission as P;
    let tenant = Rule::Tenant;
    Routes::new()
        .get("/t/{tenant}/servers", tenant(P::ServerRead), list::list)
        .get("/t/{tenant}/servers/live", tenant(P::ServerRead), live::list)
        .get("/t/{tenant}/servers/new", tenant(P::ServerCreate), new::form)
        .form("/t/{tenant}/servers/new", tenant(P::ServerCreate), new::again)
        .form("/t/{tenant}/servers", tenant(P::ServerCreate), new::create)
        .get(
            "/t/{tenant}/servers/{server_id}",
            tenant(P::ServerRead),
            show::overview,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/live",
            tenant(P::ServerRead),
            live::one,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/events",
            tenant(P::ServerRead),
            events::events,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/actions/{action}",
            tenant(P::ServerPower),
            power::act,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/settings",
            tenant(P::ServerConfigure),
            settings::form,
        )
        .form(
            "/t/{tenant}/servers/{server_id}/settings",
            tenant(P::ServerConfigure),
            settings::save,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/secrets/{key}",
            tenant(P::ServerSecrets),
            show::reveal,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/delete",
            tenant(P::ServerDelete),
            power::delete,
        )
        .merge(life_routes())
        .merge(deleted_routes())
        .merge(origin_routes())
        .merge(renewal_routes())
        .merge(log_routes())
        .merge(staff_routes())
}

/// Several servers at once, a new container, and suspension by staff.
fn life_routes() -> Routes<App> {
    use Permission as P;
    let may_manage = Rule::Staff(P::StaffServerManage);
    Routes::new()
        .get(
            "/t/{tenant}/servers/bulk",
            Rule::Tenant(P::ServerRead),
            several::ask,
        )
        .post(
            "/t/{tenant}/servers/bulk/actions/{action}",
            Rule::Tenant(P::ServerPower),
            several::act,
        )
        .form(
            "/t/{tenant}/servers/bulk/tags",
            Rule::Tenant(P::ServerConfigure),
            several::tag,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/rebuild",
            Rule::Tenant(P::ServerConfigure),
            rebuild::act,
        )
        .form("/staff/servers/{server_id}/suspend", may_manage, suspend::suspend)
        .post("/staff/servers/{server_id}/resume", may_manage, suspend::resume)
}

/// Copies, and moves to another tenant.
fn origin_routes() -> Routes<App> {
    let may_create = Rule::Tenant(Permission::ServerCreate);
    let may_manage = Rule::Staff(Permission::StaffServerManage);
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/clone", may_create, clone::form)
        .form("/t/{tenant}/servers/{server_id}/clone", may_create, clone::create)
        .post(
            "/t/{tenant}/servers/{server_id}/copy-again",
            may_create,
            clone::again,
        )
        .get("/staff/servers/{server_id}/move", may_manage, moves::form)
        .form("/staff/servers/{server_id}/move", may_manage, moves::act)
}

/// Deleted servers, the tenant's and everybody's.
fn deleted_routes() -> Routes<App> {
    use Permission as P;
    Routes::new()
        .get(
            "/t/{tenant}/deleted-servers",
            Rule::Tenant(P::ServerRead),
            deleted::list,
        )
        .get(
            "/t/{tenant}/deleted-servers/live",
            Rule::Tenant(P::ServerRead),
            deleted::live,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/restore",
            Rule::Tenant(P::ServerDelete),
            deleted::restore,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/erase",
            Rule::Tenant(P::ServerDelete),
            deleted::erase,
        )
        .get(
            "/staff/deleted-servers",
            Rule::Staff(P::StaffServerRead),
            deleted::staff_list,
        )
        .post(
            "/staff/servers/{server_id}/restore",
            Rule::Staff(P::StaffServerManage),
            deleted::restore_as_staff,
        )
        .post(
            "/staff/servers/{server_id}/erase",
            Rule::Staff(P::StaffServerManage),
            deleted::erase_as_staff,
        )
}

/// What makes a server anew: from its template's script, its newest version, its newest image.
fn renewal_routes() -> Routes<App> {
    let may_configure = Rule::Tenant(Permission::ServerConfigure);
    Routes::new()
        .post(
            "/t/{tenant}/servers/{server_id}/reinstall",
            may_configure,
            installation::reinstall,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/accept-installation",
            may_configure,
            installation::accept,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/update-template",
            may_configure,
            installation::update,
        )
        .post(
            "/t/{tenant}/servers/{server_id}/update",
            may_configure,
            update::act,
        )
        .post("/t/{tenant}/servers/updates", may_configure, update::all)
}

/// What servers print.
fn log_routes() -> Routes<App> {
    let may_read = Rule::Tenant(Permission::ServerLogs);
    Routes::new()
        .get("/t/{tenant}/servers/{server_id}/logs", may_read, logs::show)
        .get("/t/{tenant}/servers/{server_id}/logs/live", may_read, logs::live)
        .get(
            "/t/{tenant}/servers/{server_id}/logs/download",
            may_read,
            logs::download,
        )
}

/// The provider's side.
fn staff_routes() -> Routes<App> {
    use Permission as P;
    Routes::new()
        .get("/staff/servers", Rule::Staff(P::StaffServerRead), staff::list)
        .get(
            "/staff/servers/{server_id}",
            Rule::Staff(P::StaffServerRead),
            staff::show,
        )
        .post(
            "/staff/servers/{server_id}/actions/{action}",
            Rule::Staff(P::StaffServerPower),
            staff::act,
        )
        .post(
            "/staff/servers/{server_id}/update",
            Rule::Staff(P::StaffServerManage),
            update::act_as_staff,
        )
        .get(
            "/staff/servers/bulk",
            Rule::Staff(P::StaffServerRead),
            several_staff::ask,
        )
        .post(
            "/staff/servers/bulk/actions/{action}",
            Rule::Staff(P::StaffServerPower),
            several_staff::act,
        )
        .form(
            "/staff/servers/bulk/suspend",
            Rule::Staff(P::StaffServerManage),
            several_staff::suspend,
        )
        .post(
            "/staff/servers/updates",
            Rule::Staff(P::StaffServerManage),
            update::all_as_staff,
        )
}

/// Where a server's page is.
fn href(slug: &str, id: ServerId) -> String {
    format!("/t/{slug}/servers/{id}")
}

/// The status macro's word for how a server is.
fn tone(phase: Phase) -> &'static str {
    phase.look()
}
