//! On call for programs of staff: the same actions as the pages.

mod chains;
mod duty;
mod outs;
mod rotas;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, take, manage) = (
        Rule::Staff(P::StaffOnCallRead),
        Rule::Staff(P::StaffOnCallTake),
        Rule::Staff(P::StaffOnCallManage),
    );
    Routes::new()
        .api(read, operation!(duty::on_duty))
        .api(read, operation!(duty::shifts))
        .api(read, operation!(duty::calls))
        .api(take, operation!(duty::acknowledge))
        .api(read, operation!(duty::handovers))
        .api(take, operation!(duty::hand_over))
        .api(take, operation!(duty::see))
        .api(take, operation!(duty::take_over))
        .api(read, operation!(rotas::list))
        .api(manage, operation!(rotas::create))
        .api(read, operation!(rotas::show))
        .api(manage, operation!(rotas::change))
        .api(manage, operation!(rotas::remove))
        .api(manage, operation!(rotas::add_override))
        .api(manage, operation!(rotas::remove_override))
        .api(read, operation!(rotas::holidays))
        .api(manage, operation!(rotas::add_holiday))
        .api(manage, operation!(rotas::remove_holiday))
        .api(read, operation!(chains::list))
        .api(manage, operation!(chains::create))
        .api(read, operation!(chains::show))
        .api(manage, operation!(chains::change))
        .api(manage, operation!(chains::remove))
        .api(manage, operation!(chains::make_default))
}
