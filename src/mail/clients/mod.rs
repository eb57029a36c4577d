//! Setting up mail programs: what they ask for by themselves (Mozilla's autoconfig, Microsoft's autodiscover), a profile for Apple's
//! devices, and a page with everything for those who type it in.
//!
//! - Programs ask without having signed in. The answer depends on the domain only, and is the same for addresses that exist and
//!   those that don't, so nobody learns who has a mailbox. What is no proven domain of this installation is answered 404.
//! - What programs send is hostile: it is read within limits, and written back only escaped.

mod api;
mod model;
mod pages;
mod profile;
mod programs;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub(super) use model::{Server, servers};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The part's addresses. Microsoft's programs write theirs in two ways.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(P::MailRead);
    Routes::new()
        .get("/mail/config-v1.1.xml", Rule::Public, programs::mozilla)
        .get(
            "/.well-known/autoconfig/mail/config-v1.1.xml",
            Rule::Public,
            programs::mozilla,
        )
        .post(
            "/autodiscover/autodiscover.xml",
            Rule::Public,
            programs::microsoft,
        )
        .post(
            "/Autodiscover/Autodiscover.xml",
            Rule::Public,
            programs::microsoft,
        )
        .get("/t/{tenant}/mail/mailboxes/{mailbox}/set-up", read, pages::show)
        .get("/t/{tenant}/mail/mailboxes/{mailbox}/apple", read, pages::apple)
        .api(read, operation!(api::show))
}

/// Those of the mailbox's own person.
pub(super) fn own_routes() -> Routes<App> {
    Routes::new()
        .get("/mailbox/set-up-program", Rule::Mailbox, pages::show)
        .get("/mailbox/set-up-program/apple", Rule::Mailbox, pages::apple)
}
