//! The queries of volumes.

mod attach;
mod choice;
mod lookup;
mod presence;
mod queue;
mod used;
mod write;

pub use attach::{attach, attached, detach, holders, mounts, mounts_of, settle};
pub use choice::{Other, Room, others, rooms};
pub use lookup::{Sort, count, find, list, lock, of_tenant};
pub use presence::{all_keys, note_presence};
pub use queue::{
    Claimed, claim, erase, note_made, note_size, put_off, refuse_size, renew, settle_work, wait, wake,
};
pub use used::{has_soft, measured};
pub use write::{NewVolume, insert, let_all_go, resize, save_name, start_deletion};
