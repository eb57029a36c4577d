//! The queue for staff: what waits, for whom and why, and what is to become of it.

mod actions;
mod api;
mod pages;
mod several;
mod veil;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

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
        .api(read, operation!(api::list))
        .api(read, operation!(api::figures))
        .api(read, operation!(api::show))
        .api(manage, operation!(api::retry_all))
        .api(manage, operation!(api::act))
        .api(manage, operation!(api::retry))
        .api(manage, operation!(api::hold))
        .api(manage, operation!(api::release))
        .api(manage, operation!(api::delete))
}
