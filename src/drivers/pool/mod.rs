//! A node's pool of storage: volumes whose limits the kernel enforces, and the Docker volume plugin that serves them.
//!
//! - A [`Pool`] is a btrfs, on a block device or in a sparse file. A volume is a subvolume; the quota group *around* it
//!   (level 1) has its limit, so that its snapshots, and subvolumes that a customer makes inside, count for it. The group
//!   of its tenant (level 2) is around that. Over a limit a write fails with `EDQUOT`.
//! - There is no database. Names, tenants, numbers and limits are noted in the pool itself (`layout`); a driver that
//!   starts reads them, finishes what one before it left half done, and sets what the kernel lost (`repair`).
//! - [`serve()`] answers the engine on a unix socket, in the documented protocol, and Berth's own calls beside it
//!   ([`Client`]). Every call is answered, if only by a sentence: an engine that gets no answer waits, and all with it.
//! - Where there is no btrfs, a pool of plain folders measures and enforces nothing, and says so.
//!
//! What must hold: nothing is written below the root while the pool is not mounted there; a name that came from outside
//! is parsed before it becomes a path; what is done in several steps can be finished after `kill -9` between any two.

mod client;
mod error;
#[cfg(feature = "testing")]
pub mod fake;
mod free;
mod groups;
mod kernel;
mod layout;
mod locks;
mod name;
mod place;
mod program;
mod protocol;
mod repair;
mod serve;
mod setup;
mod snapshots;
mod soft;
mod status;
mod storage;
mod tenants;
mod usage;
mod views;
mod volumes;

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError, RwLock};

pub use client::Client;
pub use error::{PoolError, PoolResult};
pub use layout::Kind;
pub use name::{SnapshotName, TenantName, VolumeName, parse_size, show_size};
pub use serve::serve;
pub use setup::{Setup, grow, init};
pub use snapshots::SnapshotUse;
pub use soft::{ENFORCED, LABEL as SOFT};
pub use status::{Problem, Status, look_at};
pub use storage::Storage;
pub use usage::{TenantUse, Usage, VolumeUsage};
pub use volumes::{Order, Volume};

use groups::Btrfs;
use kernel::Kernel;
use layout::Layout;
use locks::Locks;
use repair::Seen;

/// Smaller limits leave no room for the file system's own writing: making one file reserves some hundred KiB.
const SMALLEST: u64 = 16 << 20;

/// An opened pool. One process at a time has it open.
#[derive(Debug)]
pub struct Pool {
    layout: Layout,
    source: PathBuf,
    kind: Kind,
    btrfs: Btrfs,
    /// Where the kernel tells about it. Another mount is another folder.
    kernel: RwLock<Option<Kernel>>,
    /// The next number for a quota group.
    next: AtomicU64,
    locks: Locks,
    seen: Mutex<Seen>,
    /// Kept for as long as it is served. Another mount brings another file to be locked.
    held: Mutex<Option<File>>,
}

impl Pool {
    /// Opens the pool at `root`, mounting `source` there if it is not, and finishes what was left half done.
    pub fn open(root: &Path, source: &Path) -> PoolResult<Self> {
        let layout = Layout::new(root);
        let kind = find(&layout, source)?;
        let pool = Self {
            btrfs: Btrfs::at(root),
            source: source.to_owned(),
            kind,
            kernel: RwLock::new(None),
            next: AtomicU64::new(1),
            locks: Locks::default(),
            seen: Mutex::new(Seen::default()),
            held: Mutex::new(None),
            layout,
        };
        pool.begin()?;
        Ok(pool)
    }

    /// What is done after each mounting.
    fn begin(&self) -> PoolResult<()> {
        self.layout.make()?;
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        // The lock of a mount before this one is on the same file, and would be in its way.
        drop(held.take());
        *held = Some(hold(&self.layout)?);
        drop(held);
        if self.kind == Kind::Enforced {
            let kernel = place::mounted_at(self.layout.root())
                .and_then(|mounted| Kernel::of_device(&mounted.device_name()));
            *self.kernel.write().unwrap_or_else(PoisonError::into_inner) = kernel;
        }
        self.settle()
    }

    /// How it keeps limits.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// Where it is.
    pub fn root(&self) -> &Path {
        self.layout.root()
    }

    /// Errs unless the pool is where it should be. Whatever reads or writes below the root asks first: without the mount
    /// the folder is one of the host's.
    fn demand(&self) -> PoolResult<()> {
        let is_mounted = match self.kind {
            Kind::Soft => true,
            Kind::Enforced => self.known_kernel().is_some_and(|kernel| kernel.is_there()),
        };
        if is_mounted && self.layout.marker().exists() {
            return Ok(());
        }
        Err(PoolError::Gone {
            root: self.layout.root().to_owned(),
            why: format!(
                "it is not mounted (from {}); the driver tries again every second",
                self.source.display()
            ),
        })
    }

    fn known_kernel(&self) -> Option<Kernel> {
        self.kernel.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Where the kernel tells about a mounted pool.
    fn kernel(&self) -> PoolResult<Kernel> {
        self.known_kernel().ok_or_else(|| PoolError::Gone {
            root: self.layout.root().to_owned(),
            why: "the kernel tells nothing about it in /sys/fs/btrfs".to_owned(),
        })
    }

    /// A number that no group has.
    fn number(&self) -> u64 {
        self.next.fetch_add(1, Ordering::Relaxed)
    }

    /// Never gives a number again that is or was in use.
    fn skip_numbers(&self, used: impl Iterator<Item = u64>) {
        if let Some(most) = used.max() {
            self.next.fetch_max(most + 1, Ordering::Relaxed);
        }
    }

    /// Makes what was written to the pool count, so that figures are of now.
    fn sync(&self) -> PoolResult<()> {
        let what = format!("syncing {}", self.layout.root().display());
        let root = File::open(self.layout.root()).map_err(PoolError::io(what.clone()))?;
        rustix::fs::syncfs(&root).map_err(|errno| PoolError::io(what)(errno.into()))
    }
}

/// Mounts the pool if it is not there, and says of which kind it is.
fn find(layout: &Layout, source: &Path) -> PoolResult<Kind> {
    if let Some(marker) = layout::marker(&layout.marker())? {
        return Ok(marker.quota);
    }
    place::mount(source, layout.root())?;
    let marker = layout::marker(&layout.marker())?.ok_or_else(|| PoolError::Gone {
        root: layout.root().to_owned(),
        why: format!("{} holds no pool of Berth's", source.display()),
    })?;
    Ok(marker.quota)
}

/// Two drivers on one pool would give numbers twice.
fn hold(layout: &Layout) -> PoolResult<File> {
    let path = layout.lock();
    let what = || format!("locking {}", path.display());
    let file = File::options().create(true).append(true).open(&path);
    let file = file.map_err(PoolError::io(what()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(PoolError::Busy(format!(
            "another volume driver serves the pool at {}: stop it first",
            layout.root().display()
        ))),
        Err(TryLockError::Error(error)) => Err(PoolError::io(what())(error)),
    }
}

/// Removes what is left of a folder that holds no subvolume any more.
fn clear(folder: &Path) -> PoolResult<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(PoolError::io(format!("removing {}", folder.display()))),
    }
}
