//! Servers for programs: the same actions as the pages.

mod deleted;
mod installation;
mod life;
mod logs;
mod operations;
mod origin;
mod outs;
mod servers;
mod staff;
mod updates;

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::Routes;

/// The addresses.
pub fn routes() -> Routes<App> {
    use Permission as P;
    let tenant = Rule::Tenant;
    Routes::new()
        .api(tenant(P::ServerRead), routes!(servers::list))
        .api(tenant(P::ServerCreate), routes!(servers::create))
        .api(tenant(P::ServerRead), routes!(servers::show))
        .api(tenant(P::ServerConfigure), routes!(servers::change))
        .api(tenant(P::ServerDelete), routes!(servers::delete))
        .api(tenant(P::ServerRead), routes!(deleted::list))
        .api(tenant(P::ServerDelete), routes!(deleted::restore))
        .api(tenant(P::ServerDelete), routes!(deleted::erase))
        .api(Rule::Staff(P::StaffServerRead), routes!(deleted::list_as_staff))
        .api(
            Rule::Staff(P::StaffServerManage),
            routes!(deleted::restore_as_staff),
        )
        .api(
            Rule::Staff(P::StaffServerManage),
            routes!(deleted::erase_as_staff),
        )
        .merge(origin_routes())
        .api(tenant(P::ServerPower), routes!(servers::act))
        .api(tenant(P::ServerLogs), routes!(logs::logs))
        .api(tenant(P::ServerLogs), routes!(logs::search))
        .api(tenant(P::ServerLogs), routes!(logs::download))
        .api(tenant(P::ServerRead), routes!(servers::events))
        .api(tenant(P::ServerSecrets), routes!(servers::secret))
        .api(tenant(P::ServerRead), routes!(installation::show))
        .api(tenant(P::ServerConfigure), routes!(installation::reinstall))
        .api(tenant(P::ServerConfigure), routes!(installation::accept))
        .api(tenant(P::ServerConfigure), routes!(installation::update))
        .api(tenant(P::ServerRead), routes!(servers::sizes))
        .api(tenant(P::ServerRead), routes!(operations::list))
        .api(tenant(P::ServerRead), routes!(operations::show))
        .for_guests_too()
        .api(Rule::Staff(P::StaffServerRead), routes!(staff::list))
        .api(Rule::Staff(P::StaffServerRead), routes!(staff::show))
        .api(Rule::Staff(P::StaffServerPower), routes!(staff::act))
        .api(Rule::Staff(P::StaffServerRead), routes!(staff::operation))
        .api(tenant(P::ServerPower), routes!(life::act_on_several))
        .api(tenant(P::ServerConfigure), routes!(life::tag_several))
        .api(tenant(P::ServerConfigure), routes!(life::rebuild))
        .api(
            Rule::Staff(P::StaffServerPower),
            routes!(life::act_on_several_as_staff),
        )
        .api(Rule::Staff(P::StaffServerManage), routes!(life::suspend_several))
        .api(Rule::Staff(P::StaffServerManage), routes!(life::suspend))
        .api(Rule::Staff(P::StaffServerManage), routes!(life::resume))
        .api(tenant(P::ServerConfigure), routes!(updates::one))
        .api(tenant(P::ServerConfigure), routes!(updates::all))
        .api(Rule::Staff(P::StaffServerManage), routes!(updates::one_as_staff))
        .api(Rule::Staff(P::StaffServerManage), routes!(updates::all_as_staff))
}

/// Copies and moves.
fn origin_routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(Permission::ServerCreate), routes!(origin::clone))
        .api(
            Rule::Tenant(Permission::ServerCreate),
            routes!(origin::copy_again),
        )
        .api(
            Rule::Staff(Permission::StaffServerManage),
            routes!(origin::move_server),
        )
}
