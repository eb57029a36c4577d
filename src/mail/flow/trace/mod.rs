//! What happened to a mail: a tenant searches its messages, and reads the story of one.

mod api;
mod pages;
mod query;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let trace = Rule::Tenant(P::MailTrace);
    Routes::new()
        .get("/t/{tenant}/mail/trace", trace, pages::list)
        .get("/t/{tenant}/mail/trace/{message}", trace, pages::show)
        .api(trace, operation!(api::list))
        .api(trace, operation!(api::show))
}
