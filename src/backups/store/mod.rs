//! All SQL about backups.

mod alerts;
mod checks;
mod fill;
mod fill_volume;
mod queue;
mod rows;
mod sealed;
mod staff;
mod targets;
mod tenant;
mod whole;
mod work;

pub use alerts::{alert_of, alerts, clear, count_alerts, miss, raise};
pub use checks::{
    ask_check, check_operation, claim_checks, count_failed_checks, end_check, expect_check, failed_checks,
    is_check_due, lock_repository,
};
pub use fill::{add_filling, begin_filling, filling, is_filled, unready};
pub use fill_volume::{add_volume_filling, end_restores, fills, is_saved};
pub use queue::{Claimed, Ended, Opener, claim, opener, own_opener, release, renew};
pub use rows::{
    add, add_repository, add_restore, any, any_of_volume, by_id, count, default_target, find, list, of_stack,
    of_tenant, poke, repository, restores, set_deleting,
};
pub use sealed::{claim_one, outdated_keys, outdated_targets, save_key, save_target, volume_repositories};
pub use staff::{Held, all_repositories};
pub use targets::{
    Target, add_target, change_sealed, change_target, is_used, lock_target, remove_target, sealed, sealed_of,
    set_default, target, targets,
};
pub use tenant::{count_all, count_restores, note_key_shown, repositories};
pub use whole::{add_over, fitting, is_restored, lock_any, note_begun, note_safety, wake};
#[cfg(all(test, feature = "testing"))]
pub use work::keys;
pub use work::{Job, end_restore, erase, fail, finish, held, keep, let_go, made, next, note, reported};
