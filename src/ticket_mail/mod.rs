//! Mail of tickets: people are told by mail what happens in them, answer by mail, and open new ones by it.
//!
//! - What goes out is written in the transaction in which the other parts of the panel hear of it, once for each entry and recipient, and
//!   sent by a job (see [`crate::notifications`]). Only public posts go out: a note never leaves. Whoever is told of much in a short
//!   time is told in one mail, and of more than a dozen mails an hour no more. What waits for its server goes when that is back: the
//!   queue tries it, the clock begins anew what the queue leaves lying, and the first that goes takes the others along.
//! - An answer is known by the address that it goes to, whose token we signed, and never by its subject. It counts if it comes from
//!   whom the token was made for, or from one of the ticket's tenant who may write. Everything else waits in triage, where no tenant
//!   sees it until one of the staff says whose it is.
//! - A mail is taken once: its place in the inbox and its `Message-ID` are written in the transaction that has its effect, and it is
//!   marked afterwards. Whoever dies in between finds it taken.
//! - A mail that can't be taken holds up none behind it: after some tries it is flagged in the inbox, and staff see that.
//! - Strangers fill triage for strangers only, and nothing of theirs that nobody looks at stays for good.
//! - What nobody wrote is never answered and opens nothing.

mod actions;
mod api;
mod inbox;
mod jobs;
mod key;
mod model;
mod pages;
mod store;
mod take;
mod tell;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule};
use crate::platform::web::{Routes, operation};

pub use actions::clean_up;
pub use inbox::begin;
pub use jobs::register;
pub use key::reseal;
pub use model::inbox_address;
pub use tell::ticket_changed;

/// Events about mail of tickets have this topic.
pub const TOPIC: &str = "ticket-mail";

/// The feature's addresses.
pub fn routes() -> Routes<App> {
    let (read, write) = (Rule::Staff(P::StaffTicketRead), Rule::Staff(P::StaffTicketWrite));
    Routes::new()
        .get("/staff/tickets/mail", read, pages::triage)
        .get("/staff/tickets/mail/in", read, pages::came_in)
        .get("/staff/tickets/mail/out", read, pages::went_out)
        .post("/staff/tickets/mail/out/{outbound}/retry", write, pages::retry)
        .post("/staff/tickets/{ticket}/discard", write, pages::discard)
        .api(read, operation!(api::triage))
        .api(read, operation!(api::came_in))
        .api(read, operation!(api::went_out))
        .api(write, operation!(api::retry))
        .api(write, operation!(api::discard))
}
