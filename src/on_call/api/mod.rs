//! On call for programs of staff: the same actions as the pages.

mod chains;
mod duty;
mod outs;
mod rotas;

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, take, manage) = (
        Rule::Staff(P::StaffOnCallRead),
        Rule::Staff(P::StaffOnCallTake),
        Rule::Staff(P::StaffOnCallManage),
    );
    Routes::new()
        .api(read, routes!(duty::on_duty))
        .api(read, routes!(duty::shifts))
        .api(read, routes!(duty::calls))
        .api(take, routes!(duty::acknowledge))
        .api(read, routes!(duty::handovers))
        .api(take, routes!(duty::hand_over))
        .api(take, routes!(duty::see))
        .api(take, routes!(duty::take_over))
        .api(read, routes!(rotas::list))
        .api(manage, routes!(rotas::create))
        .api(read, routes!(rotas::show))
        .api(manage, routes!(rotas::change))
        .api(manage, routes!(rotas::remove))
        .api(manage, routes!(rotas::add_override))
        .api(manage, routes!(rotas::remove_override))
        .api(read, routes!(rotas::holidays))
        .api(manage, routes!(rotas::add_holiday))
        .api(manage, routes!(rotas::remove_holiday))
        .api(read, routes!(chains::list))
        .api(manage, routes!(chains::create))
        .api(read, routes!(chains::show))
        .api(manage, routes!(chains::change))
        .api(manage, routes!(chains::remove))
        .api(manage, routes!(chains::make_default))
}
