//! Mailboxes and aliases from a list, and as a list.
//!
//! - A file is read once: each of its lines becomes a row, with what is wrong with it. Nothing else is written until somebody says
//!   so; then a reconciler ([`begin`]) works through the rows in batches, each of which is one transaction that makes the mailboxes
//!   and notes the lines. Whoever dies between two batches is followed by one that goes on with the next: no line is
//!   done twice or left out.
//! - A line that fails then keeps its reason, and the others go on.
//! - Passwords are kept sealed until their line is done with, and then wiped. A list that nobody starts loses them after a day, so
//!   a change of the key need not seal them again.
//! - What an export writes, an import reads. Neither passwords nor hashes are in it.

mod actions;
mod api;
mod export;
mod model;
mod pages;
mod reconcile;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;
mod upload;
mod work;

pub use actions::clean_up;
pub use reconcile::{Imports, begin};

use crate::app::App;
use crate::platform::web::Routes;

/// The part's addresses.
pub(super) fn routes() -> Routes<App> {
    pages::routes().merge(api::routes())
}
