//! The demo tenant that `make run` shows: a customer with a real server that answers HTTP and broke down once, an SLA, a status page, and two
//! mailboxes with a mail in one of them where there is a mail service.
//!
//! Made by the same actions as everything else, so that it shows what the product does. Harmless twice: what is there
//! stays, what is missing is made.

mod actions;
mod breakdown;
mod mail;
mod store;

pub use actions::{Shown, seed, wait};
pub use breakdown::{Broke, break_once};
pub use mail::Login;
