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

use crate::app::App;
use crate::platform::access::{Permission, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub fn routes() -> Routes<App> {
    use Permission as P;
    let tenant = Rule::Tenant;
    Routes::new()
        .api(tenant(P::ServerRead), operation!(servers::list))
        .api(tenant(P::ServerCreate), operation!(servers::create))
        .api(tenant(P::ServerRead), operation!(servers::show))
        .api(tenant(P::ServerConfigure), operation!(servers::change))
        .api(tenant(P::ServerDelete), operation!(servers::delete))
        .api(tenant(P::ServerRead), operation!(deleted::list))
        .api(tenant(P::ServerDelete), operation!(deleted::restore))
        .api(tenant(P::ServerDelete), operation!(deleted::erase))
        .api(
            Rule::Staff(P::StaffServerRead),
            operation!(deleted::list_as_staff),
        )
        .api(
            Rule::Staff(P::StaffServerManage),
            operation!(deleted::restore_as_staff),
        )
        .api(
            Rule::Staff(P::StaffServerManage),
            operation!(deleted::erase_as_staff),
        )
        .merge(origin_routes())
        .api(tenant(P::ServerPower), operation!(servers::act))
        .api(tenant(P::ServerLogs), operation!(logs::logs))
        .api(tenant(P::ServerLogs), operation!(logs::search))
        .api(tenant(P::ServerLogs), operation!(logs::download))
        .api(tenant(P::ServerRead), operation!(servers::events))
        .api(tenant(P::ServerSecrets), operation!(servers::secret))
        .api(tenant(P::ServerRead), operation!(installation::show))
        .api(tenant(P::ServerConfigure), operation!(installation::reinstall))
        .api(tenant(P::ServerConfigure), operation!(installation::accept))
        .api(tenant(P::ServerConfigure), operation!(installation::update))
        .api(tenant(P::ServerRead), operation!(servers::sizes))
        .api(tenant(P::ServerRead), operation!(operations::list))
        .api(tenant(P::ServerRead), operation!(operations::show))
        .for_guests_too()
        .api(Rule::Staff(P::StaffServerRead), operation!(staff::list))
        .api(Rule::Staff(P::StaffServerRead), operation!(staff::show))
        .api(Rule::Staff(P::StaffServerPower), operation!(staff::act))
        .api(Rule::Staff(P::StaffServerRead), operation!(staff::operation))
        .merge(life_routes())
}

/// What is done to several at once, and by the provider.
fn life_routes() -> Routes<App> {
    use Permission as P;
    let tenant = Rule::Tenant;
    let manage = Rule::Staff(P::StaffServerManage);
    Routes::new()
        .api(tenant(P::ServerPower), operation!(life::act_on_several))
        .api(tenant(P::ServerConfigure), operation!(life::tag_several))
        .api(tenant(P::ServerConfigure), operation!(life::rebuild))
        .api(
            Rule::Staff(P::StaffServerPower),
            operation!(life::act_on_several_as_staff),
        )
        .api(manage, operation!(life::suspend_several))
        .api(manage, operation!(life::suspend))
        .api(manage, operation!(life::resume))
        .api(tenant(P::ServerConfigure), operation!(updates::one))
        .api(tenant(P::ServerConfigure), operation!(updates::all))
        .api(manage, operation!(updates::one_as_staff))
        .api(manage, operation!(updates::all_as_staff))
}

/// Copies and moves.
fn origin_routes() -> Routes<App> {
    Routes::new()
        .api(Rule::Tenant(Permission::ServerCreate), operation!(origin::clone))
        .api(
            Rule::Tenant(Permission::ServerCreate),
            operation!(origin::copy_again),
        )
        .api(
            Rule::Staff(Permission::StaffServerManage),
            operation!(origin::move_server),
        )
}
