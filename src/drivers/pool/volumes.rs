//! Making, removing and resizing volumes.

use std::fs;
use std::time::SystemTime;

use super::kernel::Group;
use super::layout::{self, VolumeRecord};
use super::tenants::tenant_lock;
use super::{Kind, Pool, PoolError, PoolResult, SMALLEST, TenantName, VolumeName, clear, show_size, soft};
use crate::platform::fault;

/// A volume that is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// Whose it is: it counts for this tenant's quota. Nobody's, if none is named.
    pub tenant: Option<TenantName>,
    /// What it may hold, in bytes.
    pub size: u64,
}

/// A volume.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name.
    pub name: VolumeName,
    /// Whose it is.
    pub tenant: Option<TenantName>,
    /// What it may hold, in bytes.
    pub size: u64,
    /// What it holds.
    pub used: u64,
    /// Its data, as a path of this machine's.
    pub mountpoint: String,
    /// When it was made, if the file system knows.
    pub made: Option<SystemTime>,
    /// Its snapshots.
    pub snapshots: Vec<String>,
}

impl Pool {
    /// Makes a volume. One that is there and is the same is a success.
    pub fn create(&self, name: &VolumeName, order: &Order) -> PoolResult<()> {
        self.demand()?;
        check_size(order.size)?;
        self.locks.hold(name.as_str(), || {
            if let Some(there) = self.layout.volume_record(name)? {
                return self.meet(name, &there, order);
            }
            if self.layout.view_record(name)?.is_some() {
                return Err(PoolError::Exists(format!(
                    "{name} is the name of a view of a snapshot"
                )));
            }
            let record = self.record(name, order)?;
            fault::point("pool.recorded");
            self.finish(name, &record).inspect_err(|_| {
                // It has told nobody yet that there is a volume, so there shall be none.
                if let Err(error) = self.put_away(name, record.number) {
                    tracing::warn!(%name, %error, "a volume that could not be made is left over");
                }
            })
        })
    }

    /// Somebody asks for a volume that is there.
    fn meet(&self, name: &VolumeName, there: &VolumeRecord, order: &Order) -> PoolResult<()> {
        if there.tenant != order.tenant {
            return Err(PoolError::Exists(format!(
                "there is a volume {name}, of another tenant"
            )));
        }
        if there.size != order.size {
            return Err(PoolError::Exists(format!(
                "there is a volume {name}, of {}: use `berth pool resize`",
                show_size(there.size)
            )));
        }
        self.finish(name, there)
    }

    /// Gives the volume its name, with all that is needed to finish it.
    fn record(&self, name: &VolumeName, order: &Order) -> PoolResult<VolumeRecord> {
        let Some(tenant) = &order.tenant else {
            return self.write_record(name, order);
        };
        // Not while somebody finds that the tenant has no volumes.
        self.locks.hold(&tenant_lock(tenant), || {
            self.ensure_tenant(tenant)?;
            self.write_record(name, order)
        })
    }

    fn write_record(&self, name: &VolumeName, order: &Order) -> PoolResult<VolumeRecord> {
        let record = VolumeRecord {
            number: self.number(),
            tenant: order.tenant.clone(),
            size: order.size,
        };
        let folder = self.layout.new_volumes().join(record.number.to_string());
        let what = format!("making {}", folder.display());
        fs::create_dir(&folder).map_err(PoolError::io(what.clone()))?;
        layout::note(&folder, &record)?;
        fs::rename(&folder, self.layout.volume(name)).map_err(PoolError::io(what))?;
        Ok(record)
    }

    /// Makes whatever a recorded volume lacks.
    pub(super) fn finish(&self, name: &VolumeName, record: &VolumeRecord) -> PoolResult<()> {
        let data = self.layout.data(name);
        if self.kind == Kind::Soft {
            return soft::make(&data);
        }
        let (kernel, group) = (self.kernel()?, Group::volume(record.number));
        if !kernel.has(group) {
            self.btrfs.create_group(group)?;
            fault::point("pool.group_made");
            if let Some(tenant) = self.tenant_of(record)? {
                self.btrfs.assign(group, Group::tenant(tenant.number))?;
            }
            fault::point("pool.group_placed");
        }
        if kernel.limit(group) != Some(record.size) {
            self.btrfs.limit(group, Some(record.size))?;
            fault::point("pool.group_limited");
        }
        if !data.exists() {
            self.btrfs.create_subvolume(&data, group)?;
            fault::point("pool.subvolume_made");
        }
        Ok(())
    }

    /// Removes a volume with its snapshots. Its space is free a moment later.
    pub fn remove(&self, name: &VolumeName) -> PoolResult<()> {
        self.demand()?;
        self.locks.hold(name.as_str(), || {
            if self.layout.view_record(name)?.is_some() {
                return clear(&self.layout.view(name));
            }
            let record = self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
            self.put_away(name, record.number)
        })
    }

    /// Takes the name from a volume. What has none is freed by [`Pool::look`].
    fn put_away(&self, name: &VolumeName, number: u64) -> PoolResult<()> {
        let away = self.layout.removed().join(number.to_string());
        let moved = fs::rename(self.layout.volume(name), away);
        moved.map_err(PoolError::io(format!("removing {name}")))?;
        fault::point("pool.put_away");
        Ok(())
    }

    /// Changes what a volume may hold, at once and while it is used.
    pub fn resize(&self, name: &VolumeName, size: u64) -> PoolResult<()> {
        self.demand()?;
        check_size(size)?;
        self.locks.hold(name.as_str(), || {
            let mut record = self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
            if record.size == size {
                return self.finish(name, &record);
            }
            if self.kind == Kind::Enforced {
                let group = Group::volume(record.number);
                if size < record.size {
                    self.demand_room(&format!("the volume {name}"), group, size)?;
                }
                self.btrfs.limit(group, Some(size))?;
                fault::point("pool.limit_changed");
            }
            record.size = size;
            self.layout.write_volume(name, &record)
        })
    }

    /// Errs if a group holds more than `wanted` now.
    pub(super) fn demand_room(&self, what: &str, group: Group, wanted: u64) -> PoolResult<()> {
        self.sync()?;
        let used = self.kernel()?.used(group).unwrap_or(0);
        if used > wanted {
            return Err(PoolError::TooSmall {
                what: what.to_owned(),
                used,
                wanted,
            });
        }
        Ok(())
    }

    /// A volume, unless it is still being made.
    pub fn volume(&self, name: &VolumeName) -> PoolResult<Volume> {
        self.demand()?;
        if let Some(view) = self.layout.view_record(name)? {
            return self.view(name, &view);
        }
        let record = self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
        let data = self.layout.data(name);
        if !data.exists() {
            return Err(missing(name));
        }
        let made = fs::metadata(self.layout.volume(name)).and_then(|data| data.created());
        Ok(Volume {
            used: self.used(name, &record),
            name: name.clone(),
            tenant: record.tenant,
            size: record.size,
            mountpoint: data.to_string_lossy().into_owned(),
            made: made.ok(),
            snapshots: layout::entries(&self.layout.snapshots(name))?,
        })
    }

    pub(super) fn used(&self, name: &VolumeName, record: &VolumeRecord) -> u64 {
        match self.kind {
            Kind::Soft => soft::measure(&self.layout.data(name)),
            Kind::Enforced => self
                .known_kernel()
                .and_then(|kernel| kernel.used(Group::volume(record.number)))
                .unwrap_or(0),
        }
    }

    /// The names of all volumes with their places.
    pub fn volumes(&self) -> PoolResult<Vec<(VolumeName, String)>> {
        self.demand()?;
        let names = self.layout.volume_names()?.into_iter();
        let all = names.filter_map(|name| {
            let data = self.layout.data(&name);
            data.exists().then(|| (name, data.to_string_lossy().into_owned()))
        });
        Ok(all.chain(self.views()?).collect())
    }
}

pub(super) fn missing(name: &VolumeName) -> PoolError {
    PoolError::Missing {
        what: "volume",
        name: name.to_string(),
    }
}

pub(super) fn check_size(size: u64) -> PoolResult<()> {
    if size >= SMALLEST {
        return Ok(());
    }
    Err(PoolError::Invalid(format!(
        "{} is too small: the file system needs room for its own, so choose at least {}",
        show_size(size),
        show_size(SMALLEST)
    )))
}
