//! Notifications: mail that the panel sends to people of its own accord.
//!
//! - What is to be told is written in the transaction in which it becomes true, with the job that sends it: nothing is told
//!   that did not happen, and nothing that happened is lost with a panel that dies.
//! - Without a mail server (`BERTH_SMTP_URL`) nothing is written: a server that is set one day does not send what is long over.
//! - A server that is away is asked again by the queue, later and later. What it refuses, or does not take in a day and a half,
//!   has failed; staff see it and can send it again. So does what waits for a server that the settings name no more.
//! - A mail may go twice if a panel dies just after it was sent. Both have one `Message-ID`, by which receivers know it.

mod actions;
mod api;
mod jobs;
mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub use actions::{clean_up, tell_owners};
pub use jobs::register;
pub use model::Draft;

/// Events about notifications have this topic.
pub const TOPIC: &str = "notification";

/// The feature's addresses.
pub fn routes() -> Routes<crate::app::App> {
    let (read, manage) = (Rule::Staff(P::StaffSystemRead), Rule::Staff(P::StaffSystemManage));
    Routes::new()
        .get("/staff/notifications", read, pages::list)
        .post("/staff/notifications/test", manage, pages::test)
        .post("/staff/notifications/{notification}/retry", manage, pages::retry)
        .api(read, operation!(api::list))
        .api(manage, operation!(api::test))
        .api(manage, operation!(api::retry))
}
