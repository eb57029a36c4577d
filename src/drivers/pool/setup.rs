//! Making a pool, and making it larger. Nothing that holds something is ever overwritten.

use std::fs;
use std::path::{Path, PathBuf};

use super::groups::Btrfs;
use super::layout::{self, Kind, Layout, Marker};
use super::place::{self, Mounted};
use super::program::{output, run};
use super::{PoolError, PoolResult, show_size};

/// What a pool's file system is called, so that one is known by its device.
const LABEL: &str = "berth-pool";
const VERSION: u32 = 1;
/// btrfs needs some of it for itself.
const SMALLEST_POOL: u64 = 256 << 20;

/// A pool that is wanted.
#[derive(Debug, Clone)]
pub struct Setup {
    /// Where it is mounted.
    pub root: PathBuf,
    /// The block device or the file that it lies on.
    pub source: PathBuf,
    /// How large the file gets. It takes its space as it fills.
    pub size: Option<u64>,
    /// Plain folders instead of a file system.
    pub soft: bool,
}

/// Makes a pool. Tells whether there was none before.
pub fn init(setup: &Setup) -> PoolResult<bool> {
    let layout = Layout::new(&setup.root);
    if layout::marker(&layout.marker())?.is_some() {
        return Ok(false);
    }
    demand_empty(&setup.root)?;
    if setup.soft {
        place::make_private(&setup.root)?;
        finish(&layout, Kind::Soft)?;
        return Ok(true);
    }
    demand_btrfs()?;
    let made = prepare(setup)?;
    place::mount(&setup.source, &setup.root)?;
    if layout::marker(&layout.marker())?.is_some() {
        return Ok(false);
    }
    if !made {
        // It has our name and no marker: one that was broken off, or somebody else's.
        demand_empty(&setup.root)?;
    }
    Btrfs::at(&setup.root).enable()?;
    finish(&layout, Kind::Enforced)?;
    Ok(true)
}

fn finish(layout: &Layout, quota: Kind) -> PoolResult<()> {
    layout.make()?;
    let marker = Marker {
        version: VERSION,
        quota,
    };
    layout::write_marker(&layout.marker(), marker)
}

/// Whether nothing is there that a mount would hide, or a pool mix with.
fn demand_empty(root: &Path) -> PoolResult<()> {
    let found = layout::entries(root)?;
    // Ours, of an `init` that was broken off.
    match found.iter().find(|name| *name != ".berth" && *name != "volumes") {
        None => Ok(()),
        Some(name) => Err(PoolError::Exists(format!(
            "{} is not empty, there is “{name}”: choose another folder with --pool",
            root.display()
        ))),
    }
}

fn demand_btrfs() -> PoolResult<()> {
    let knows = || {
        let known = fs::read_to_string("/proc/filesystems").unwrap_or_default();
        known.lines().any(|line| line.trim() == "btrfs")
    };
    if knows() || (run("modprobe", ["btrfs"]).is_ok() && knows()) {
        return Ok(());
    }
    Err(PoolError::Invalid(
        "this kernel has no btrfs: use one that has, or make a pool with --soft, whose quotas are measured and not enforced"
            .to_owned(),
    ))
}

/// Makes the file system on the device or in the file, unless it is there. Tells whether it was made.
fn prepare(setup: &Setup) -> PoolResult<bool> {
    let source = &setup.source;
    if place::is_device(source) {
        return prepare_device(source);
    }
    if source.exists() {
        return match signature(source)? {
            Some(Signature { label, .. }) if label == LABEL => Ok(false),
            _ => Err(PoolError::Exists(format!(
                "{} exists and is no pool: move it away, or name another file with --source",
                source.display()
            ))),
        };
    }
    let size = setup.size.ok_or_else(|| {
        PoolError::Invalid(format!(
            "say how large the pool's file {} may get, such as --size 100GiB",
            source.display()
        ))
    })?;
    prepare_file(source, size)?;
    Ok(true)
}

fn prepare_device(device: &Path) -> PoolResult<bool> {
    match signature(device)? {
        None => {}
        Some(Signature { label, .. }) if label == LABEL => return Ok(false),
        Some(Signature { kind, .. }) => {
            return Err(PoolError::Exists(format!(
                "{} holds something already ({kind}): nothing was changed. If it can go, run `wipefs --all {}` yourself",
                device.display(),
                device.display()
            )));
        }
    }
    format(device)?;
    Ok(true)
}

/// A file gets its name when there is a file system in it.
fn prepare_file(file: &Path, size: u64) -> PoolResult<()> {
    if size < SMALLEST_POOL {
        return Err(PoolError::Invalid(format!(
            "{} is too small for a pool: choose at least {}",
            show_size(size),
            show_size(SMALLEST_POOL)
        )));
    }
    let what = || format!("making {}", file.display());
    if let Some(folder) = file.parent() {
        place::make_private(folder)?;
    }
    let mut unfinished = file.as_os_str().to_owned();
    unfinished.push(".unfinished");
    let unfinished = PathBuf::from(unfinished);
    let make = || -> std::io::Result<()> {
        use std::os::unix::fs::OpenOptionsExt as _;
        let mut options = fs::OpenOptions::new();
        let options = options.create(true).truncate(true).write(true).mode(0o600);
        options.open(&unfinished)?.set_len(size)
    };
    make().map_err(PoolError::io(what()))?;
    format(&unfinished)?;
    fs::rename(&unfinished, file).map_err(PoolError::io(what()))
}

/// Without `--force`: the program refuses what holds something, too.
fn format(source: &Path) -> PoolResult<()> {
    let words = ["--quiet", "--label", LABEL].map(std::ffi::OsStr::new);
    run("mkfs.btrfs", words.into_iter().chain([source.as_os_str()])).map(drop)
}

/// What a device or file says that it holds.
struct Signature {
    kind: String,
    label: String,
}

fn signature(source: &Path) -> PoolResult<Option<Signature>> {
    let words = ["--probe", "--output", "export"].map(std::ffi::OsStr::new);
    let found = output("blkid", words.into_iter().chain([source.as_os_str()]))?;
    match found.status.code() {
        Some(0) => Ok(Some(read_signature(&String::from_utf8_lossy(&found.stdout)))),
        // It found nothing.
        Some(2) => Ok(None),
        _ => Err(PoolError::Exists(format!(
            "what {} holds can't be told: {}",
            source.display(),
            String::from_utf8_lossy(&found.stderr).trim()
        ))),
    }
}

fn read_signature(text: &str) -> Signature {
    let value = |name: &str| {
        let mut lines = text.lines();
        lines.find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    };
    Signature {
        kind: value("TYPE")
            .or_else(|| value("PTTYPE"))
            .unwrap_or("unknown")
            .to_owned(),
        label: value("LABEL").unwrap_or_default().to_owned(),
    }
}

/// Makes a mounted pool larger, while it is used: its file first, if it lies in one, then the file system. Tells its new size.
pub fn grow(root: &Path, source: &Path, size: Option<u64>) -> PoolResult<u64> {
    let mounted = place::mounted_at(root).ok_or_else(|| PoolError::Gone {
        root: root.to_owned(),
        why: "no btrfs is mounted there".to_owned(),
    })?;
    match size {
        Some(size) => grow_file(source, &mounted, size)?,
        None if place::is_file(source) => {
            return Err(PoolError::Invalid(
                "say how large the pool's file may get, such as --size 200GiB".to_owned(),
            ));
        }
        None => {}
    }
    Btrfs::at(root).fill_device()?;
    let space = rustix::fs::statvfs(root)
        .map_err(|errno| PoolError::io(format!("looking at {}", root.display()))(errno.into()))?;
    Ok(space.f_blocks.saturating_mul(space.f_frsize))
}

fn grow_file(file: &Path, mounted: &Mounted, size: u64) -> PoolResult<()> {
    if !place::is_file(file) {
        return Err(PoolError::Invalid(format!(
            "{} is no file: make the device larger, then run this without --size",
            file.display()
        )));
    }
    let what = || format!("making {} larger", file.display());
    let opened = fs::OpenOptions::new()
        .write(true)
        .open(file)
        .map_err(PoolError::io(what()))?;
    let now = opened.metadata().map_err(PoolError::io(what()))?.len();
    if size < now {
        return Err(PoolError::Invalid(format!(
            "the pool has {}, and can't be made smaller while it is used",
            show_size(now)
        )));
    }
    opened.set_len(size).map_err(PoolError::io(what()))?;
    let words = [std::ffi::OsStr::new("--set-capacity"), mounted.device.as_os_str()];
    run("losetup", words).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_device_holds_is_read() {
        let found =
            read_signature("DEVNAME=/dev/loop0\nLABEL=berth-pool\nUUID=x\nTYPE=btrfs\nUSAGE=filesystem\n");
        assert_eq!(
            (found.kind.as_str(), found.label.as_str()),
            ("btrfs", "berth-pool")
        );
        assert_eq!(read_signature("PTUUID=1\nPTTYPE=gpt\n").kind, "gpt");
    }
}
