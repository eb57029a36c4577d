//! Where a pool is mounted and what it lies on: a device, or a file behind a loop device.

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, FileTypeExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use super::program;
use super::{PoolError, PoolResult};

/// A mounted btrfs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mounted {
    /// Such as `/dev/loop0`.
    pub(super) device: PathBuf,
    /// Whether the file system itself refuses to be written to.
    pub(super) read_only: bool,
}

impl Mounted {
    /// The device's name in /sys. What `/dev/mapper` holds are links to it.
    pub(super) fn device_name(&self) -> String {
        let real = self.device.canonicalize().unwrap_or_else(|_| self.device.clone());
        let name = real.file_name().unwrap_or_default();
        name.to_string_lossy().into_owned()
    }

    /// The file behind a loop device, as the kernel tells it: with ` (deleted)` behind it if it has no name any more.
    pub(super) fn backing_file(&self) -> Option<String> {
        let path = format!("/sys/block/{}/loop/backing_file", self.device_name());
        Some(fs::read_to_string(path).ok()?.trim_end().to_owned())
    }
}

/// The btrfs that is mounted at `root`, if there is one.
pub(super) fn mounted_at(root: &Path) -> Option<Mounted> {
    let table = fs::read_to_string("/proc/self/mountinfo").ok()?;
    // What was mounted last covers the others.
    table.lines().rev().find_map(|line| mounted(line, root))
}

/// `36 35 98:0 / /mnt/pool rw,noatime shared:1 - btrfs /dev/loop0 rw,subvol=/`
fn mounted(line: &str, root: &Path) -> Option<Mounted> {
    let (before, after) = line.split_once(" - ")?;
    let place = unescaped(before.split(' ').nth(4)?);
    let mut after = after.split(' ');
    let (kind, device, options) = (after.next()?, after.next()?, after.next()?);
    (kind == "btrfs" && Path::new(&place) == root).then(|| Mounted {
        device: PathBuf::from(unescaped(device)),
        read_only: options.split(',').any(|option| option == "ro"),
    })
}

/// Blanks and their like are written as `\040`.
fn unescaped(text: &str) -> String {
    let mut parts = text.split('\\');
    let mut plain = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let code = part.get(..3).and_then(|code| u8::from_str_radix(code, 8).ok());
        match code {
            Some(code) => {
                plain.push(char::from(code));
                plain.push_str(part.get(3..).unwrap_or_default());
            }
            None => {
                plain.push('\\');
                plain.push_str(part);
            }
        }
    }
    plain
}

/// Mounts `source` at `root`.
pub(super) fn mount(source: &Path, root: &Path) -> PoolResult<()> {
    let gone = |why: String| PoolError::Gone {
        root: root.to_owned(),
        why,
    };
    if !source.exists() {
        return Err(gone(format!(
            "what it lies on, {}, is missing: attach the disk or bring the file back, or make a new pool with `berth pool init`",
            source.display()
        )));
    }
    make_private(root)?;
    // Device files in a volume would be a way around the engine's rules. Times of reading would turn reading into writing.
    let mut arguments = vec!["-t", "btrfs", "-o"];
    arguments.push(if is_file(source) {
        "noatime,nodev,loop"
    } else {
        "noatime,nodev"
    });
    let outcome = program::run(
        "mount",
        arguments
            .into_iter()
            .map(std::ffi::OsStr::new)
            .chain([source.as_os_str(), root.as_os_str()]),
    );
    outcome.map_err(|error| match error {
        PoolError::Program { says, .. } => gone(format!("it can't be mounted: {says}")),
        other => other,
    })?;
    if is_file(source) {
        past_the_cache(root);
    }
    Ok(())
}

/// What is in a file would be cached twice: as the pool's, and as the file's on the disk that it lies on. Past the latter writes take a
/// tenth less (`losetup(8)`, `--direct-io`). A file system that can't do that, such as a tmpfs, serves it as before.
fn past_the_cache(root: &Path) {
    let Some(mounted) = mounted_at(root) else {
        return;
    };
    let words = ["--direct-io=on".as_ref(), mounted.device.as_os_str()];
    if let Err(error) = program::run("losetup", words) {
        tracing::info!(device = %mounted.device.display(), %error, "the pool's file is written through the cache");
    }
}

/// Makes a folder that only root enters: the engine reaches into it, and nobody else has to.
pub(super) fn make_private(root: &Path) -> PoolResult<()> {
    let mut builder = fs::DirBuilder::new();
    let made = builder.recursive(true).mode(0o700).create(root);
    made.map_err(PoolError::io(format!("making {}", root.display())))
}

/// Whether it is a plain file, and so needs a loop device.
pub(super) fn is_file(source: &Path) -> bool {
    source.is_file()
}

/// Whether it is a block device.
pub(super) fn is_device(source: &Path) -> bool {
    fs::metadata(source).is_ok_and(|data| data.file_type().is_block_device())
}

/// Of a sparse file: how many bytes it may still claim from the file system that it lies on, and how many that has.
pub(super) fn claim(file: &Path) -> Option<(u64, u64)> {
    let data = fs::metadata(file).ok()?;
    let host = rustix::fs::statvfs(file.parent()?).ok()?;
    let unclaimed = data.len().saturating_sub(data.blocks().saturating_mul(512));
    Some((unclaimed, host.f_bavail.saturating_mul(host.f_frsize)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_mounts_is_read() {
        let line = r"36 35 0:39 / /mnt/a\040pool rw,nodev,noatime shared:1 - btrfs /dev/loop7 ro,space_cache=v2,subvol=/";
        let found = mounted(line, Path::new("/mnt/a pool")).unwrap();
        assert_eq!(found.device, Path::new("/dev/loop7"));
        assert!(found.read_only);
        assert_eq!(found.device_name(), "loop7");
        assert_eq!(mounted(line, Path::new("/mnt")), None);
        let other = "27 1 254:0 / / rw,relatime - ext4 /dev/vda rw";
        assert_eq!(mounted(other, Path::new("/")), None);
        assert_eq!(unescaped(r"a\040b\\c\"), r"a b\\c\");
    }
}
