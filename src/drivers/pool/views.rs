//! Views: snapshots that have a name of their own on the engine, so that a container can be given one. They hold nothing
//! themselves, and are read-only because snapshots are: whoever browses a snapshot, or backs up from one, makes a view,
//! mounts it and removes it. A snapshot stays for as long as it has one.

use std::fs;

use super::layout::{self, ViewRecord};
use super::snapshots::missing_snapshot;
use super::volumes::{Volume, missing};
use super::{Pool, PoolError, PoolResult, SnapshotName, VolumeName};

impl Pool {
    /// Makes a view of a snapshot. One that is there and is of the same is a success.
    pub fn create_view(&self, name: &VolumeName, of: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.demand()?;
        // No volume's name begins with a slash. One view at a time, so that two that name each other do not wait forever.
        self.locks.hold("/views", || {
            let wanted = ViewRecord {
                of: of.clone(),
                snapshot: snapshot.clone(),
            };
            if self.layout.volume_record(name)?.is_some() {
                return Err(PoolError::Exists(format!("there is a volume {name}")));
            }
            match self.layout.view_record(name)? {
                Some(there) if there == wanted => return Ok(()),
                Some(there) => {
                    return Err(PoolError::Exists(format!(
                        "there is a view {name}, of {} of {}",
                        there.snapshot, there.of
                    )));
                }
                None => {}
            }
            self.write_view(name, &wanted)
        })
    }

    /// Under the lock of the volume whose snapshot it is of, so that the snapshot is not removed in between.
    fn write_view(&self, name: &VolumeName, wanted: &ViewRecord) -> PoolResult<()> {
        let (of, snapshot) = (&wanted.of, &wanted.snapshot);
        self.locks.hold(of.as_str(), || {
            if !self.layout.snapshot(of, snapshot).exists() {
                return Err(missing_snapshot(of, snapshot));
            }
            let folder = self.layout.new_volumes().join(self.number().to_string());
            let what = format!("making {}", folder.display());
            fs::create_dir(&folder).map_err(PoolError::io(what.clone()))?;
            layout::note(&folder, wanted)?;
            fs::rename(&folder, self.layout.view(name)).map_err(PoolError::io(what))
        })
    }

    /// A view, as the engine sees a volume.
    pub(super) fn view(&self, name: &VolumeName, view: &ViewRecord) -> PoolResult<Volume> {
        let place = self.layout.snapshot(&view.of, &view.snapshot);
        if !place.exists() {
            return Err(missing(name));
        }
        let of = self.layout.volume_record(&view.of)?;
        Ok(Volume {
            name: name.clone(),
            tenant: of.as_ref().and_then(|of| of.tenant.clone()),
            size: of.map_or(0, |of| of.size),
            used: 0,
            mountpoint: place.to_string_lossy().into_owned(),
            made: fs::metadata(self.layout.view(name))
                .and_then(|data| data.created())
                .ok(),
            snapshots: Vec::new(),
        })
    }

    /// The names of all views with their places.
    pub(super) fn views(&self) -> PoolResult<Vec<(VolumeName, String)>> {
        let mut all = Vec::new();
        for name in self.layout.view_names()? {
            if let Some(view) = self.layout.view_record(&name)? {
                let place = self.layout.snapshot(&view.of, &view.snapshot);
                all.push((name, place.to_string_lossy().into_owned()));
            }
        }
        Ok(all)
    }
}
