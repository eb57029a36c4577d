//! Where things are in a pool, and the notes that say what they are. They are all there is to know: a driver that starts
//! reads them and needs nothing else.
//!
//! ```text
//! .berth/pool.json            that this is a pool, and of which kind
//! .berth/lock                 held by the driver that serves it
//! .berth/new/N/               a volume's folder before it gets its name
//! .berth/removed/N/           volumes that were removed, until the kernel has freed them
//! .berth/tenants/T/           noted: the tenant's number and limit
//! volumes/NAME/               noted: the volume's number, tenant and limit
//! volumes/NAME/data           its subvolume, which containers see
//! volumes/NAME/snapshots/S    its snapshots, read-only
//! volumes/NAME/new            what it is to be restored to, or what it was before; nobody's if a driver starts
//! .berth/views/NAME/          noted: the snapshot that containers see under this name
//! ```
//!
//! A note is an extended attribute of the folder (`getfattr -n trusted.berth volumes/NAME`). btrfs keeps it in the same
//! transaction as the folder's name, the subvolume and the limits, so no power cut tears them apart, and replaces it as a
//! whole. A volume gets and loses its name by one renaming: whatever dies in between leaves one state or the other.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use rustix::fs::XattrFlags;
use rustix::io::Errno;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::{PoolError, PoolResult, SnapshotName, TenantName, VolumeName};

/// How the pool keeps limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// btrfs: the kernel refuses what is over a limit.
    Enforced,
    /// Plain folders: use is measured, and nothing is refused.
    Soft,
}

/// `pool.json`.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(super) struct Marker {
    pub(super) version: u32,
    pub(super) quota: Kind,
}

/// What is noted of a volume.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct VolumeRecord {
    /// Of its quota group. Never changes.
    pub(super) number: u64,
    pub(super) tenant: Option<TenantName>,
    /// Its limit in bytes.
    pub(super) size: u64,
}

/// What is noted of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TenantRecord {
    /// Of its quota group. Never changes.
    pub(super) number: u64,
    /// Its limit in bytes, if it has one.
    pub(super) limit: Option<u64>,
}

/// What is noted of a view: a snapshot that has a name of its own on the engine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct ViewRecord {
    pub(super) of: VolumeName,
    pub(super) snapshot: SnapshotName,
}

/// A pool's folder.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: PathBuf,
}

impl Layout {
    pub(super) fn new(root: &Path) -> Self {
        Self {
            root: root.to_owned(),
        }
    }

    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    pub(super) fn marker(&self) -> PathBuf {
        self.root.join(".berth/pool.json")
    }

    pub(super) fn lock(&self) -> PathBuf {
        self.root.join(".berth/lock")
    }

    pub(super) fn new_volumes(&self) -> PathBuf {
        self.root.join(".berth/new")
    }

    pub(super) fn removed(&self) -> PathBuf {
        self.root.join(".berth/removed")
    }

    pub(super) fn tenants(&self) -> PathBuf {
        self.root.join(".berth/tenants")
    }

    pub(super) fn volumes(&self) -> PathBuf {
        self.root.join("volumes")
    }

    pub(super) fn views(&self) -> PathBuf {
        self.root.join(".berth/views")
    }

    pub(super) fn view(&self, name: &VolumeName) -> PathBuf {
        self.views().join(name.as_str())
    }

    pub(super) fn tenant(&self, tenant: &TenantName) -> PathBuf {
        self.tenants().join(tenant.as_str())
    }

    pub(super) fn volume(&self, name: &VolumeName) -> PathBuf {
        self.volumes().join(name.as_str())
    }

    pub(super) fn data(&self, name: &VolumeName) -> PathBuf {
        self.volume(name).join("data")
    }

    /// Where a volume's data is made that will be put in place of what it has.
    pub(super) fn new_data(&self, name: &VolumeName) -> PathBuf {
        self.volume(name).join("new")
    }

    pub(super) fn snapshots(&self, name: &VolumeName) -> PathBuf {
        self.volume(name).join("snapshots")
    }

    pub(super) fn snapshot(&self, name: &VolumeName, snapshot: &SnapshotName) -> PathBuf {
        self.snapshots(name).join(snapshot.as_str())
    }

    /// Makes the folders that are always there.
    pub(super) fn make(&self) -> PoolResult<()> {
        for folder in [
            self.new_volumes(),
            self.removed(),
            self.tenants(),
            self.volumes(),
            self.views(),
        ] {
            fs::create_dir_all(&folder).map_err(PoolError::io(format!("making {}", folder.display())))?;
        }
        Ok(())
    }

    pub(super) fn volume_record(&self, name: &VolumeName) -> PoolResult<Option<VolumeRecord>> {
        noted(&self.volume(name))
    }

    pub(super) fn write_volume(&self, name: &VolumeName, record: &VolumeRecord) -> PoolResult<()> {
        note(&self.volume(name), record)
    }

    pub(super) fn tenant_record(&self, tenant: &TenantName) -> PoolResult<Option<TenantRecord>> {
        noted(&self.tenant(tenant))
    }

    /// The names of all volumes, sorted.
    pub(super) fn volume_names(&self) -> PoolResult<Vec<VolumeName>> {
        let names = entries(&self.volumes())?.into_iter();
        Ok(names.filter_map(|name| VolumeName::parse(&name).ok()).collect())
    }

    /// The names of all views, sorted.
    pub(super) fn view_names(&self) -> PoolResult<Vec<VolumeName>> {
        let names = entries(&self.views())?.into_iter();
        Ok(names.filter_map(|name| VolumeName::parse(&name).ok()).collect())
    }

    pub(super) fn view_record(&self, name: &VolumeName) -> PoolResult<Option<ViewRecord>> {
        noted(&self.view(name))
    }

    /// The names of all tenants, sorted.
    pub(super) fn tenant_names(&self) -> PoolResult<Vec<TenantName>> {
        let names = entries(&self.tenants())?.into_iter();
        Ok(names.filter_map(|name| TenantName::parse(&name).ok()).collect())
    }

    /// The numbers of volumes that were removed and are not freed yet.
    pub(super) fn removed_numbers(&self) -> PoolResult<Vec<u64>> {
        let names = entries(&self.removed())?.into_iter();
        Ok(names.filter_map(|name| name.parse().ok()).collect())
    }
}

/// The names in a folder, sorted. None, if there is no such folder.
pub(super) fn entries(folder: &Path) -> PoolResult<Vec<String>> {
    let found = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        other => other.map_err(PoolError::io(format!("reading {}", folder.display())))?,
    };
    let names = found.flatten().map(|entry| entry.file_name());
    let mut names: Vec<String> = names.filter_map(|name| name.into_string().ok()).collect();
    names.sort_unstable();
    Ok(names)
}

/// The name of notes. Containers neither see nor change what is `trusted`.
const NOTE: &str = "trusted.berth";
/// A note is far shorter.
const LONGEST_NOTE: usize = 4096;

/// What is noted at a folder, if it is there. A folder without a note is none of ours.
pub(super) fn noted<T: DeserializeOwned>(folder: &Path) -> PoolResult<Option<T>> {
    let what = || format!("reading what is noted at {}", folder.display());
    let mut text = [0_u8; LONGEST_NOTE];
    let length = match rustix::fs::getxattr(folder, NOTE, &mut text) {
        Err(Errno::NOENT | Errno::NODATA | Errno::NOTDIR) => return Ok(None),
        other => other.map_err(|errno| PoolError::io(what())(errno.into()))?,
    };
    let text = text.get(..length).unwrap_or_default();
    let parsed = serde_json::from_slice(text).map_err(|error| PoolError::io(what())(error.into()))?;
    Ok(Some(parsed))
}

/// Notes something at a folder, in place of what was noted before.
pub(super) fn note<T: Serialize>(folder: &Path, value: &T) -> PoolResult<()> {
    let what = || format!("noting something at {}", folder.display());
    let text = serde_json::to_vec(value).map_err(|error| PoolError::io(what())(error.into()))?;
    rustix::fs::setxattr(folder, NOTE, &text, XattrFlags::empty())
        .map_err(|errno| PoolError::io(what())(errno.into()))
}

/// Reads the marker, if there is one.
pub(super) fn marker(path: &Path) -> PoolResult<Option<Marker>> {
    let what = || format!("reading {}", path.display());
    let text = match fs::read(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(PoolError::io(what()))?,
    };
    let parsed = serde_json::from_slice(&text).map_err(|error| PoolError::io(what())(error.into()))?;
    Ok(Some(parsed))
}

/// Writes the marker, as a whole and for good.
pub(super) fn write_marker(path: &Path, value: Marker) -> PoolResult<()> {
    let what = || format!("writing {}", path.display());
    let text = serde_json::to_vec(&value).map_err(|error| PoolError::io(what())(error.into()))?;
    let beside = path.with_extension("unfinished");
    let put = || -> io::Result<()> {
        let mut file = fs::File::create(&beside)?;
        file.write_all(&text)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    put().map_err(PoolError::io(what()))
}
