//! What happened, told to whoever listens: written with the change, heard after its commit.
//!
//! An action writes an outbox row in its transaction; the commit notifies; one listener per process hands it to pages
//! (SSE), reconcilers and, later, webhooks. A notification only says that something changed. Who hears it re-reads.

mod hub;
mod sharing;
mod store;

pub use hub::{Event, Hub, heard};
pub use sharing::{GUEST_TOPIC, Sharing};
pub use store::{emit, missed, newest, purge};
