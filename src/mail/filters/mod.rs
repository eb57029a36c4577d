//! What happens to a mailbox's mail as it comes in: spam, lists of senders, rules, the automatic reply, a script of one's own, and
//! where mail is forwarded to.
//!
//! - People fill in parts; one Sieve script (RFC 5228) is made of all of them in the transaction that changes one, and Dovecot reads
//!   it from the database with the next mail. Nothing is uploaded, and there is no moment in which half of it holds.
//! - What somebody types stays within its quotes: there is one function that quotes, and all of it goes through it.
//! - The same actions serve people of the tenant and the mailbox's own person: [`Desk`] is who works, row-level security what
//!   they reach.
//! - Mail that is forwarded does not lead back: [`crate::mail::aliases::check_forward`] refuses it with the chain.

mod actions;
mod api;
mod desk;
mod forward;
pub mod model;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub(in crate::mail) use actions::{refresh, refresh_all};
pub(in crate::mail) use desk::Desk;
pub(in crate::mail) use forward::check_own;
pub(in crate::mail) use pages::{frame, own_routes};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// The addresses of the tenant's side.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .api(read, operation!(api::rules))
        .api(write, operation!(api::put_rules))
        .api(read, operation!(api::reply))
        .api(write, operation!(api::put_reply))
        .api(read, operation!(api::spam))
        .api(write, operation!(api::put_spam))
        .api(read, operation!(api::forwarding))
        .api(write, operation!(api::put_forwarding))
        .merge(pages::routes())
}
