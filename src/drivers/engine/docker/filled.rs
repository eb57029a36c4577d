//! How much volumes hold: their files are counted, where the engine keeps them on this host and we may read them.
//!
//! Engines can be asked for this, too, but they count images and containers with it and lock themselves meanwhile. Blocks are
//! counted and not lengths, so a file with holes counts what it takes.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::super::{EngineError, EngineResult, VolumeUse};
use super::connection::Connection;

/// Who has more files than this in one volume is not measured: counting them would take longer than half a minute.
const MOST_FILES: usize = 2_000_000;
/// The engine's own driver: a folder of the host.
const LOCAL: &str = "local";
/// The unit of `st_blocks`, whatever the file system's own is (`stat(2)`).
const BLOCK: u64 = 512;

impl Connection {
    /// What our volumes hold; those that can't be counted are absent.
    pub(super) async fn volume_use(&self) -> EngineResult<Vec<VolumeUse>> {
        let mut all = Vec::new();
        for (volume, place) in self.placed_volumes().await? {
            if volume.driver != LOCAL {
                continue;
            }
            // A thread for each, so that whoever stops waiting stops the rest.
            let counted = tokio::task::spawn_blocking(move || count(&PathBuf::from(place)));
            let counted = counted.await.map_err(|error| EngineError::Failed {
                status: 0,
                message: "counting a volume's files broke off".to_owned(),
                source: Some(Box::new(error)),
            })?;
            let (name, server) = (volume.name, volume.server);
            all.extend(counted.map(|bytes| VolumeUse { name, server, bytes }));
        }
        Ok(all)
    }
}

/// The bytes that everything below a folder takes. Links are not followed. Nothing if the folder can't be read, or holds
/// more files than are counted.
fn count(folder: &Path) -> Option<u64> {
    let (mut bytes, mut files) = (0, 0);
    let mut folders = vec![folder.to_owned()];
    let mut is_first = true;
    while let Some(folder) = folders.pop() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(_) if is_first => return None,
            // It was removed meanwhile.
            Err(_) => continue,
        };
        is_first = false;
        for entry in entries.flatten() {
            files += 1;
            if files > MOST_FILES {
                return None;
            }
            // Of the entry itself, not of what a link points to.
            let Ok(about) = entry.metadata() else { continue };
            bytes += about.blocks() * BLOCK;
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_files_take_is_counted_and_links_are_not_followed() {
        let root = std::env::temp_dir().join(format!("berth-filled-{}", std::process::id()));
        fs::create_dir_all(root.join("volume/below")).unwrap();
        fs::create_dir_all(root.join("outside")).unwrap();
        fs::write(root.join("outside/large"), vec![1; 4_000_000]).unwrap();
        let before = count(&root.join("volume")).unwrap();
        fs::write(root.join("volume/below/file"), vec![1; 1_000_000]).unwrap();
        std::os::unix::fs::symlink(root.join("outside"), root.join("volume/link")).unwrap();
        let grown = count(&root.join("volume")).unwrap() - before;
        assert!((1_000_000..1_100_000).contains(&grown), "{grown}");
        assert_eq!(count(&root.join("nothing")), None);
        fs::remove_dir_all(root).unwrap();
    }
}
