//! All SQL about backups.

mod alerts;
mod fill;
mod queue;
mod rows;
mod sealed;
mod targets;
mod tenant;
mod whole;
mod work;

pub use alerts::{alerts, clear, count_alerts, miss, of_server as alert_of_server, raise};
pub use fill::{add_filling, begin_filling, filling, is_filled, unready};
pub use queue::{Claimed, Opener, claim, opener, own_opener, release, renew};
pub use rows::{
    add, add_repository, add_restore, any, by_id, count, default_target, find, list, of_stack, of_tenant,
    poke, repository, restores, set_deleting,
};
pub use sealed::{claim_one, outdated_keys, outdated_targets, save_key, save_target, volume_targets};
pub use targets::{Target, add_target, all_repositories, sealed, set_default, targets};
pub use tenant::{note_key_shown, repositories};
pub use whole::{add_over, note_safety, shares_volumes};
#[cfg(all(test, feature = "testing"))]
pub use work::keys;
pub use work::{Job, end_restore, erase, fail, finish, held, let_go, made, next, note, reported};
