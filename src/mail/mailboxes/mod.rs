//! Mailboxes: who has mail at an address, by which passwords, how much, how often, and what becomes of it when it is deleted.
//!
//! - A mailbox is a row. The mail service reads it at each mail and each sign-in, so what an action commits holds at once;
//!   sessions that are open are ended by a wish in the same transaction (`mail::kicks`).
//! - Passwords are kept as hashes that Dovecot checks by itself: the person's by argon2id, those of single programs, which are
//!   160 random bits, by SHA-256. Of a set-up link only the hash is kept; it works once.
//! - A mailbox counts for its plan from its making to its deletion. What it holds counts until it is erased.
//! - A deleted mailbox is kept with its mail for a while and can be restored; its address is free at once, and the aliases that its
//!   person made for themselves are gone. After that its row
//!   becomes a wish to erase, which is repeated until the mail service has done it ([`begin`]).

mod actions;
mod api;
mod model;
mod pages;
mod reconcile;
mod setup;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use actions::{AppPasswordInput, hash_password, put_app_password, take_app_password};
pub use model::{AppPassword, AppPasswordProtocol, Mailbox, Usage, check_name};
pub use pages::Head;
pub use reconcile::{Erasures, begin};
pub use store::{app_passwords, find, lock, save_hash, taken_by};

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

use api::parts;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .api(read, operation!(api::list))
        .api(write, operation!(api::create))
        .api(read, operation!(api::deleted))
        .api(read, operation!(api::show))
        .api(write, operation!(api::change))
        .api(write, operation!(api::remove))
        .api(write, operation!(api::restore))
        .api(write, operation!(api::erase))
        .api(write, operation!(api::enable))
        .api(write, operation!(api::disable))
        .api(write, operation!(api::password))
        .api(write, operation!(api::set_up_link))
        .api(read, operation!(parts::app_passwords))
        .api(write, operation!(parts::make_app_password))
        .api(write, operation!(parts::remove_app_password))
        .api(read, operation!(parts::send_as))
        .api(write, operation!(parts::allow_send_as))
        .api(write, operation!(parts::forbid_send_as))
        .merge(pages::routes())
        .merge(setup::routes())
}
