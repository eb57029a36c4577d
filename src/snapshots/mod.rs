//! Snapshots: what a server's disk held at a moment, taken at once and kept beside it in the node's pool.
//!
//! - A row says what should be and is the queue of the work on it ([`reconcile`](self)): it is made, restored, removed. Actions
//!   write rows and never speak to the pool.
//! - A snapshot of a server is one of each of its volumes, by the snapshot's own id. It counts for the volumes' limits.
//! - A server that has another's files has no snapshots; those of the other one are what there is. A stack's are taken by one wish,
//!   and each is one of a server.
//! - Restoring in place stops the server, keeps what it holds now by a snapshot of its own (so that it can be undone), and
//!   puts the old contents in place. Until that is over the server holds still for itself.
//! - Restoring beside makes another server: a copy that is filled from the snapshot.
//! - Looking into one gives the files helper a *view*, which is read-only because snapshots are.
//! - What is not in a pool has none, and the page says why.

mod actions;
mod api;
mod hold;
mod hold_volume;
mod model;
mod pages;
mod reconcile;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod views;

pub use actions::{of_stack_within as take_of_stack_within, take_within};
pub use hold::{HoldError, hold, release};
pub use hold_volume::{hold_volume, release_volume};
pub use reconcile::{Snapshots, begin};
pub use store::{copied_from, copy_from, hold_still, is_restored, is_unattended, let_go};
pub use views::{Viewed, ensure as ensure_views, remove as remove_views};

/// Events about a server's snapshots have this topic; the target is the server.
pub const TOPIC: &str = "snapshot";

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
