//! The queue for staff: what waits, for whom and why, and what is to become of it.

mod actions;
mod api;
mod pages;
mod several;
mod veil;

use utoipa_axum::routes;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::Routes;

pub use actions::queue;
pub use pages::Row;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, manage) = (Rule::Staff(P::StaffMailRead), Rule::Staff(P::StaffMailManage));
    Routes::new()
        .get("/staff/mail/queue", read, pages::list)
        .post("/staff/mail/queue/retry", manage, pages::retry_all)
        .post("/staff/mail/queue/act", manage, several::act)
        .get("/staff/mail/queue/{queued}", read, pages::show)
        .post("/staff/mail/queue/{queued}/retry", manage, pages::retry)
        .post("/staff/mail/queue/{queued}/hold", manage, pages::hold)
        .post("/staff/mail/queue/{queued}/release", manage, pages::release)
        .post("/staff/mail/queue/{queued}/delete", manage, pages::delete)
        .api(read, routes!(api::list))
        .api(read, routes!(api::figures))
        .api(read, routes!(api::show))
        .api(manage, routes!(api::retry_all))
        .api(manage, routes!(api::act))
        .api(manage, routes!(api::retry))
        .api(manage, routes!(api::hold))
        .api(manage, routes!(api::release))
        .api(manage, routes!(api::delete))
}
