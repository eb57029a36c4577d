//! Webmail: the person of a mailbox goes from their page to Roundcube without typing a password.
//!
//! - The panel knows no mail password, so it makes one for the session: for IMAP, sending and filters, and with an end. It counts as
//!   no program of the person's, stands in no list, and ends with the mailbox's password (a trigger).
//! - It never passes through the browser. The browser carries a token that works once and for a minute, and the plugin `berth_sso`
//!   of the webmail container exchanges it. The database has the token's hash, and the password sealed until then.
//! - Whether the person may still sign in is asked at the exchange, and by the mail service at every command after it.
//! - What is no token, was used, or is too old gets the one answer.

mod actions;
mod exchange;
mod pages;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use actions::clean_up;

use crate::app::App;
use crate::platform::access::Rule;
use crate::platform::web::Routes;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    Routes::new()
        .post("/mailbox/webmail", Rule::Mailbox, pages::open)
        .post("/mail/webmail/exchange", Rule::Public, exchange::exchange)
        .post("/mail/webmail/end", Rule::Public, exchange::end)
}
