//! Snapshots of volumes. They are read-only, take no time, and count for their volume.

use std::fs;

use super::kernel::Group;
use super::volumes::missing;
use super::{Kind, Pool, PoolError, PoolResult, SnapshotName, VolumeName};

impl Pool {
    /// Makes a read-only snapshot of a volume. It counts for the volume and its tenant.
    pub fn snapshot(&self, name: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.demand()?;
        self.demand_enforced("a snapshot")?;
        self.locks.hold(name.as_str(), || {
            let record = self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
            let at = self.layout.snapshot(name, snapshot);
            if at.exists() {
                return Err(PoolError::Exists(format!(
                    "the volume {name} has a snapshot {snapshot}: choose another name"
                )));
            }
            let folder = self.layout.snapshots(name);
            fs::create_dir_all(&folder).map_err(PoolError::io(format!("making {}", folder.display())))?;
            let group = Group::volume(record.number);
            self.btrfs.snapshot(&self.layout.data(name), &at, group)
        })
    }

    /// Removes a snapshot. Its space is free a moment later.
    pub fn remove_snapshot(&self, name: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.demand()?;
        self.demand_enforced("a snapshot")?;
        self.locks.hold(name.as_str(), || {
            let at = self.layout.snapshot(name, snapshot);
            if !at.exists() {
                return Err(PoolError::Missing {
                    what: "snapshot",
                    name: format!("{snapshot} of {name}"),
                });
            }
            self.btrfs.delete_at(&at)
        })
    }

    fn demand_enforced(&self, what: &'static str) -> PoolResult<()> {
        match self.kind {
            Kind::Enforced => Ok(()),
            Kind::Soft => Err(PoolError::Soft(what)),
        }
    }
}
