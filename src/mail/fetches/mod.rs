//! Mailboxes that move in: their mail is fetched from another IMAP server, as an operation that people watch.
//!
//! - A fetch is a row. The mail service copies, one way and only what is not here yet, so that it may begin anew at any time: after
//!   a panel died, a connection broke or somebody asked once more.
//! - The other server's password is sealed until the fetch has ended, however it ended, and is wiped then. It goes to the mail
//!   service by standard input and is told to nobody.
//! - Connections are always encrypted, to the very address that was found to be of the public internet, and with the name that was
//!   asked for: a tenant can't make the mail service speak to what only it reaches.
//! - Two are under way in an installation, one in a mailbox.

mod actions;
mod api;
mod model;
mod pages;
mod place;
mod reconcile;
mod reseal;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod work;

pub use reconcile::{Fetches, begin};
pub use reseal::reseal;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

/// Events about fetches have this topic: their progress must not wake all that listens to mail. The target is the mailbox.
const TOPIC: &str = "mail-fetch";

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::MailRead), Rule::Tenant(P::MailWrite));
    Routes::new()
        .api(read, operation!(api::list))
        .api(write, operation!(api::create))
        .api(write, operation!(api::create_one))
        .api(read, operation!(api::show))
        .api(write, operation!(api::cancel))
        .merge(pages::routes())
}
