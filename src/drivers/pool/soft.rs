//! Volumes where there is no btrfs: plain folders. What they hold is measured by walking through them; nothing is refused.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::{PoolError, PoolResult};

/// What every answer says about such a pool.
pub const LABEL: &str = "soft quota: measured, not enforced";
/// What the others say.
pub const ENFORCED: &str = "enforced by the kernel";

/// Makes a volume's folder.
pub(super) fn make(data: &Path) -> PoolResult<()> {
    fs::create_dir_all(data).map_err(PoolError::io(format!("making {}", data.display())))
}

/// What a folder's files take on the disk. What can't be read counts nothing: it changes while it is walked through.
pub(super) fn measure(folder: &Path) -> u64 {
    let mut total = 0;
    let mut folders: Vec<PathBuf> = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            // Of the entry itself: a link out of the volume is not followed.
            let Ok(data) = entry.metadata() else {
                continue;
            };
            // A file with several names is met as often. A folder's links are those of its children.
            let names = if data.is_dir() { 1 } else { data.nlink().max(1) };
            total += data.blocks() * 512 / names;
            if data.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    total
}
