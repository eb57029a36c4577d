//! The quarantine of a tenant: held mail for its people and for nobody else's. What is also for others, only staff decide about.

mod actions;
mod api;
mod pages;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (see, write) = (Rule::Tenant(P::MailTrace), Rule::Tenant(P::MailWrite));
    Routes::new()
        .get("/t/{tenant}/mail/quarantine", see, pages::list)
        .post(
            "/t/{tenant}/mail/quarantine/{held}/release",
            write,
            pages::release,
        )
        .post("/t/{tenant}/mail/quarantine/{held}/delete", write, pages::delete)
        .api(see, operation!(api::list))
        .api(write, operation!(api::release))
        .api(write, operation!(api::delete))
}
