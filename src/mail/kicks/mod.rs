//! Ending the sessions of mailboxes: of those whose person may not sign in any more, and of all that a tenant has when it is
//! suspended or closed.
//!
//! - Nobody signs in or sends whom the rows do not let; the mail service asks them each time. What is open already it goes on
//!   with, so whoever takes access away also asks for the address to be kicked ([`ask`]), in the same transaction.
//! - What was asked for is a row until the mail service has done it: a panel that dies meanwhile is followed by one that does it.
//! - It is woken by the commit ([`TOPIC`]) and done at once.
//! - It is done a second time some seconds later: who was let in just before the commit may get their session just after the first.
//! - Doing it twice is harmless: mail programs sign in again, if they may.

mod actions;
mod reconcile;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

pub use actions::{ask, ask_all, ask_domain};
pub use reconcile::{Kicks, begin};

/// Events that somebody is to be kicked have this topic.
pub const TOPIC: &str = "mail_kick";
