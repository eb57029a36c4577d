//! Snapshots of volumes. They are read-only, take no time, and count for their volume.

use std::fs;
use std::path::Path;

use rustix::fs::{CWD, RenameFlags};
use serde::{Deserialize, Serialize};

use super::kernel::Group;
use super::layout::{self, VolumeRecord};
use super::volumes::missing;
use super::{Kind, Pool, PoolError, PoolResult, SnapshotName, VolumeName};
use crate::platform::fault;

/// A snapshot, and what it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotUse {
    /// Its name.
    pub name: String,
    /// Bytes that it alone holds: removing it frees them.
    pub held: u64,
}

impl Pool {
    /// A volume's snapshots, and what each holds, as of the file system's last transaction.
    pub fn snapshots(&self, name: &VolumeName) -> PoolResult<Vec<SnapshotUse>> {
        self.demand()?;
        self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
        if self.kind == Kind::Soft {
            return Ok(Vec::new());
        }
        let kernel = self.kernel()?;
        let names = layout::entries(&self.layout.snapshots(name))?.into_iter();
        let all = names.map(|snapshot| {
            let at = self.layout.snapshots(name).join(&snapshot);
            let id = self.btrfs.number_of(&at)?;
            Ok(SnapshotUse {
                held: kernel.alone(Group::subvolume(id)).unwrap_or(0),
                name: snapshot,
            })
        });
        all.collect()
    }

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
                return Err(missing_snapshot(name, snapshot));
            }
            let record = self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
            self.demand_unseen(name, snapshot)?;
            self.delete_tree(&at, Group::volume(record.number))
        })
    }

    /// A snapshot that has a view may be what a container reads.
    fn demand_unseen(&self, name: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        for view in self.layout.view_names()? {
            let seen = self.layout.view_record(&view)?;
            if seen.is_some_and(|seen| seen.of == *name && seen.snapshot == *snapshot) {
                return Err(PoolError::Busy(format!(
                    "the snapshot {snapshot} of {name} is looked at by {view}: remove that volume first"
                )));
            }
        }
        Ok(())
    }

    /// Puts a snapshot's contents in place of what the volume holds, which is lost unless it was kept by another snapshot.
    /// The caller has ended what has the volume open: that would go on with the old contents.
    pub fn restore(&self, name: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.demand()?;
        self.demand_enforced("restoring a snapshot")?;
        self.locks.hold(name.as_str(), || {
            let record = self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
            let from = self.layout.snapshot(name, snapshot);
            if !from.exists() {
                return Err(missing_snapshot(name, snapshot));
            }
            self.drop_unfinished(name, &record)?;
            let new = self.layout.new_data(name);
            self.btrfs.revive(&from, &new, Group::volume(record.number))?;
            fault::point("pool.revived");
            exchange(&new, &self.layout.data(name))?;
            fault::point("pool.exchanged");
            self.drop_unfinished(name, &record)
        })
    }

    /// Deletes what was to become a volume's data, or was it before: whichever of the two has no place.
    pub(super) fn drop_unfinished(&self, name: &VolumeName, record: &VolumeRecord) -> PoolResult<()> {
        let new = self.layout.new_data(name);
        if self.kind == Kind::Enforced && new.exists() {
            self.delete_tree(&new, Group::volume(record.number))?;
        }
        Ok(())
    }

    /// Deletes a subvolume with those that customers made inside it, the innermost first.
    fn delete_tree(&self, at: &Path, group: Group) -> PoolResult<()> {
        match self.btrfs.delete_at(at) {
            // Something is in it.
            Err(PoolError::Program { .. }) => {}
            other => return other,
        }
        let mut within = Vec::new();
        for (member, of) in self.btrfs.memberships()? {
            // What the list can't tell, and what nobody has adopted yet, is looked at, too.
            let elsewhere = of.is_some_and(|of| of.iter().any(|of| of.level == group.level && *of != group));
            let is_near = member.level == 0 && !elsewhere;
            if is_near && let Some(place) = self.btrfs.place(member.number)? {
                let place = self.layout.root().join(place);
                if place != at && place.starts_with(at) {
                    within.push((place.components().count(), member.number));
                }
            }
        }
        within.sort_unstable_by(|a, b| b.cmp(a));
        for (_, id) in within {
            self.btrfs.delete_subvolume(id)?;
        }
        self.btrfs.delete_at(at)
    }

    fn demand_enforced(&self, what: &'static str) -> PoolResult<()> {
        match self.kind {
            Kind::Enforced => Ok(()),
            Kind::Soft => Err(PoolError::Soft(what)),
        }
    }
}

pub(super) fn missing_snapshot(name: &VolumeName, snapshot: &SnapshotName) -> PoolError {
    PoolError::Missing {
        what: "snapshot",
        name: format!("{snapshot} of {name}"),
    }
}

/// Each gets the other's name, at once.
fn exchange(one: &Path, other: &Path) -> PoolResult<()> {
    let done = rustix::fs::renameat_with(CWD, one, CWD, other, RenameFlags::EXCHANGE);
    done.map_err(|errno| PoolError::io(format!("putting {} in place", one.display()))(errno.into()))
}
