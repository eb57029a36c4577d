//! The queries of fetches.

mod list;
mod queue;
mod sealed;
mod write;

pub use list::{find, list, of_mailbox};
pub use queue::{Claimed, claim, cut_short, give_back, loaded, renew};
pub use sealed::{outdated, save_sealed};
pub use write::{Made, address_of, cancel, end, insert, lock_tenant, mailbox_at, note_progress, open_ones};
