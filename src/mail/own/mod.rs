//! A mailbox's own person: signs in to the panel with the address and the mail password, for what is their own and nothing else.
//!
//! - They are no users of the panel: their session has a cookie and a table of its own, the guard lets them onto routes with
//!   [`Rule::Mailbox`] only, and their transactions run in a role that sees one mailbox.
//! - Sign-in tells nobody which addresses there are: the same answer, after the same work.
//! - Sessions end with the password, and when the mailbox is disabled or deleted, whoever does it (a trigger).
//! - Of a suspended tenant they look at everything and change nothing.
//! - Aliases of their own lead to them, are in their mailbox's domain, and are as many as the mailbox and the plan allow.

mod actions;
mod authenticate;
mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod verify;

pub use actions::clean_up;
pub use authenticate::MailboxAuthenticator;

use crate::app::App;
use crate::platform::access::Rule;
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .get("/mailbox/sign-in", Rule::Public, pages::entry::show)
        .post("/mailbox/sign-in", Rule::Public, pages::entry::sign_in)
        .post("/mailbox/sign-out", Rule::Public, pages::entry::sign_out)
        .get("/mailbox", Rule::Mailbox, pages::overview::show)
        .get("/mailbox/password", Rule::Mailbox, pages::password::show)
        .post("/mailbox/password", Rule::Mailbox, pages::password::change)
        .get(
            "/mailbox/app-passwords",
            Rule::Mailbox,
            pages::app_passwords::list,
        )
        .post(
            "/mailbox/app-passwords",
            Rule::Mailbox,
            pages::app_passwords::create,
        )
        .post(
            "/mailbox/app-passwords/{password}/delete",
            Rule::Mailbox,
            pages::app_passwords::remove,
        )
        .get("/mailbox/aliases", Rule::Mailbox, pages::aliases::list)
        .post("/mailbox/aliases", Rule::Mailbox, pages::aliases::create)
        .post(
            "/mailbox/aliases/{alias}/delete",
            Rule::Mailbox,
            pages::aliases::remove,
        )
        .merge(super::filters::own_routes())
        .merge(super::clients::own_routes())
}
