//! Servers for people: list, create, look, command, change, delete.

mod banner;
mod events;
mod list;
mod live;
mod logs;
mod new;
mod power;
mod settings;
mod show;
mod staff;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::ids::ServerId;
use crate::platform::web::Routes;

use super::model::Phase;

pub use banner::with_engine_banner;
pub use show::{Head, crumbs};

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
        .get(
            "/t/{tenant}/servers/{server_id}/logs",
            tenant(P::ServerLogs),
            logs::show,
        )
        .get(
            "/t/{tenant}/servers/{server_id}/logs/live",
            tenant(P::ServerLogs),
            logs::live,
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
        .merge(staff_routes())
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
}

/// Where a server's page is.
fn href(slug: &str, id: ServerId) -> String {
    format!("/t/{slug}/servers/{id}")
}

/// The status macro's word for how a server is.
fn tone(phase: Phase) -> &'static str {
    phase.look()
}
