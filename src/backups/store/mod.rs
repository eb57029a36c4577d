//! All SQL about backups.

mod queue;
mod rows;
mod sealed;
mod targets;
mod work;

pub use queue::{Claimed, Opener, claim, opener, own_opener, release, renew};
pub use rows::{
    add, add_repository, add_restore, count, default_target, find, list, poke, repository, restores,
    set_deleting,
};
pub use sealed::{claim_one, outdated_keys, outdated_targets, save_key, save_target, volume_targets};
pub use targets::{Target, add_target, set_default, targets};
#[cfg(all(test, feature = "testing"))]
pub use work::keys;
pub use work::{Job, end_restore, erase, fail, finish, held, next, note};
