//! The way of mail: what the mail service's log says of each message, what waits in its queue, and what is held.
//!
//! - One process of the installation follows the log and writes steps into rows; nothing asks the mail service for the past.
//! - A tenant sees what concerns its own recipients, and all of what its own mailboxes sent. Rows say so, not pages.
//! - The queue is the mail service's own and never copied: pages ask it, and say so kindly where it does not answer.
//! - A tenant decides about held mail that is for its people alone; whose it is, is asked right before.
//! - Steps are kept for 30 days.

mod follow;
mod model;
mod overview;
mod quarantine;
mod queue;
mod service;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod trace;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::web::{Routes, operation};

pub use follow::{begin, clean_up};
pub use store::{Key as TraceKey, Message as TracedMessage};

/// The newest messages of the transaction's tenant, those before the key: for staff who broke the glass.
pub async fn traced(
    tx: &mut TenantTx,
    before: Option<TraceKey>,
    limit: i64,
) -> Result<Vec<TracedMessage>, Error> {
    store::list(tx, &store::Wanted::default(), before, limit).await
}

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Staff(P::StaffMailRead);
    Routes::new()
        .get("/staff/mail", read, overview::show)
        .api(read, operation!(overview::state))
        .merge(trace::routes())
        .merge(queue::routes())
        .merge(quarantine::routes())
}
