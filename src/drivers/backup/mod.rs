//! Backups: restic, in a helper on the engine, against a repository of one tenant at one target.
//!
//! # The contract
//!
//! - **A repository is a tenant's alone.** It has a key of its own, so that to forget the key is to destroy what is in it.
//! - **One at a time.** [`Restic::open`], [`backup`](Restic::backup), [`forget`](Restic::forget), [`check`](Restic::check) and
//!   [`check_data`](Restic::check_data) take the locks that they find for those of the dead; whoever calls them holds the repository's
//!   lease, and nothing is pruned beside a writer. Restores hold it too; looking into a backup needs nothing.
//! - **Whole or not there.** A backup that was cut off has no snapshot; one with a tag is found again by it.
//! - **Secrets** go the way that [`HelperSpec`](crate::drivers::engine::HelperSpec) says.
//!
//! Whatever restic can read without Berth can be restored without Berth: the repository's format is its own (decision 0029).

mod error;
mod path;
mod restic;
mod said;
mod target;

pub use error::{BackupError, BackupResult};
pub use path::InBackup;
pub use restic::{Place, Restic, Saved, SavedVolume};
pub use said::{BackupEvent, Entry, EntryKind, Progress, Summary};
pub use target::{Address, BadTarget, S3, Sftp};
