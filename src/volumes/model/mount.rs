//! How servers mount a volume.

use crate::platform::ids::{ServerId, VolumeId};

/// A volume as a server mounts it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a fact of its own in the database"
)]
pub struct Mount {
    /// Which volume.
    pub volume: VolumeId,
    /// What people call it.
    pub name: String,
    /// Where inside of the container.
    pub path: String,
    /// The server may not change it.
    pub is_read_only: bool,
    /// It should be mounted.
    pub is_wanted: bool,
    /// The container that is there has it.
    pub is_in: bool,
    /// It was made.
    pub is_made: bool,
    /// It is in the node's pool.
    pub is_pooled: bool,
    /// The engine has lost it.
    pub is_missing: bool,
    /// Why it could not be made yet, if somebody has tried.
    pub trouble: Option<String>,
}

impl Mount {
    /// The word of the API.
    pub fn state(&self) -> &'static str {
        match (self.is_wanted, self.is_in) {
            (true, true) => "attached",
            (true, false) => "attaching",
            (false, _) => "detaching",
        }
    }
}

/// A server that mounts a volume.
#[derive(Debug, Clone)]
pub struct Holder {
    /// Which server.
    pub server: ServerId,
    /// What people call it.
    pub server_name: String,
    /// It is deleted, and kept.
    pub is_deleted: bool,
    /// How it mounts it.
    pub mount: Mount,
}

/// Names for a sentence: the first three, and how many more.
pub fn told(holders: &[Holder]) -> String {
    let word = |holder: &Holder| {
        let note = if holder.is_deleted {
            " (deleted, and kept)"
        } else {
            ""
        };
        format!("{}{note}", holder.server_name)
    };
    let first: Vec<String> = holders.iter().take(3).map(word).collect();
    let rest = holders.len().saturating_sub(3);
    if rest > 0 {
        format!("{} and {rest} more", first.join(", "))
    } else {
        first.join(", ")
    }
}
