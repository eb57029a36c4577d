//! What mailboxes hold: it flows into the ledger of storage, and their people are warned before they are full.
//!
//! - The mail service writes what a mailbox holds; triggers sum it up for domain and tenant, and note domains whose sum changed
//!   and mailboxes that crossed 80, 90 or 100 % of their quota. Work here is as much as was noted, however many mailboxes there are.
//! - The ledger knows mail by domain. It is brought up to date by [`flush`], in the transaction that takes the note away.
//! - A warning is put into the mailbox past its quota, once for each crossing. A panel that dies after that and before it noted
//!   it puts it there twice, never not at all.
//! - Whether mail still fits is decided live by the mail service, not here.

mod ledger;
mod model;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod warn;

pub use ledger::flush;
pub use warn::Warnings;

use crate::app::App;

/// Events that a mailbox crossed a level have this topic; the target is the mailbox.
pub const TOPIC: &str = "mail_warning";

/// Starts both in the background of this process.
pub fn begin(app: &App) {
    ledger::begin(app);
    warn::begin(app);
}
