//! Making, removing, resizing and measuring volumes, their snapshots, and tenants' limits.

use std::fs;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::kernel::Group;
use super::layout::{self, TenantRecord, VolumeRecord};
use super::{
    Kind, Pool, PoolError, PoolResult, SMALLEST, SnapshotName, TenantName, VolumeName, show_size, soft,
};
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

/// What one volume holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeUsage {
    /// Its name.
    pub name: String,
    /// Whose it is.
    pub tenant: Option<String>,
    /// What it holds, snapshots included, in bytes.
    pub used: u64,
    /// What it may hold.
    pub size: u64,
}

/// What a tenant's volumes hold together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TenantUse {
    /// The tenant.
    pub tenant: String,
    /// What they hold, in bytes. Removed volumes count until the kernel has freed them.
    pub used: u64,
    /// What they may hold, if there is a limit.
    pub limit: Option<u64>,
}

/// What everything holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Whether limits are enforced, or use is only measured.
    pub quota: Kind,
    /// Each volume.
    pub volumes: Vec<VolumeUsage>,
    /// Each tenant.
    pub tenants: Vec<TenantUse>,
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

    pub(super) fn tenant_of(&self, record: &VolumeRecord) -> PoolResult<Option<TenantRecord>> {
        let Some(tenant) = &record.tenant else {
            return Ok(None);
        };
        self.layout.tenant_record(tenant)
    }

    /// The tenant's record, made if there is none. Under the tenant's lock.
    fn ensure_tenant(&self, tenant: &TenantName) -> PoolResult<TenantRecord> {
        if let Some(record) = self.layout.tenant_record(tenant)? {
            return Ok(record);
        }
        let record = TenantRecord {
            number: self.number(),
            limit: None,
        };
        let folder = self.layout.tenant(tenant);
        let new = self.layout.new_volumes().join(record.number.to_string());
        let what = format!("making {}", folder.display());
        fs::create_dir(&new).map_err(PoolError::io(what.clone()))?;
        layout::note(&new, &record)?;
        fs::rename(&new, &folder).map_err(PoolError::io(what))?;
        self.finish_tenant(&record)?;
        Ok(record)
    }

    /// Makes whatever a recorded tenant lacks.
    pub(super) fn finish_tenant(&self, record: &TenantRecord) -> PoolResult<()> {
        if self.kind == Kind::Soft {
            return Ok(());
        }
        let (kernel, group) = (self.kernel()?, Group::tenant(record.number));
        if !kernel.has(group) {
            self.btrfs.create_group(group)?;
        }
        if kernel.limit(group) != record.limit {
            self.btrfs.limit(group, record.limit)?;
        }
        Ok(())
    }

    /// Removes a volume with its snapshots. Its space is free a moment later.
    pub fn remove(&self, name: &VolumeName) -> PoolResult<()> {
        self.demand()?;
        self.locks.hold(name.as_str(), || {
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
    fn demand_room(&self, what: &str, group: Group, wanted: u64) -> PoolResult<()> {
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

    /// Changes what a tenant's volumes may hold together, or lifts the limit.
    pub fn limit_tenant(&self, tenant: &TenantName, limit: Option<u64>) -> PoolResult<()> {
        self.demand()?;
        limit.map_or(Ok(()), check_size)?;
        self.locks.hold(&tenant_lock(tenant), || {
            let mut record = self.ensure_tenant(tenant)?;
            let group = Group::tenant(record.number);
            if let (Kind::Enforced, Some(limit)) = (self.kind, limit)
                && record.limit.is_none_or(|old| limit < old)
            {
                self.demand_room(&format!("the tenant {tenant}"), group, limit)?;
            }
            record.limit = limit;
            layout::note(&self.layout.tenant(tenant), &record)?;
            fault::point("pool.tenant_noted");
            self.finish_tenant(&record)
        })
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

    /// A volume, unless it is still being made.
    pub fn volume(&self, name: &VolumeName) -> PoolResult<Volume> {
        self.demand()?;
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

    fn used(&self, name: &VolumeName, record: &VolumeRecord) -> u64 {
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
        Ok(all.collect())
    }

    /// What everything holds, as of the file system's last transaction (30 s at most), or of now if `fresh`.
    pub fn usage(&self, fresh: bool) -> PoolResult<Usage> {
        self.demand()?;
        if fresh {
            self.sync()?;
        }
        let mut volumes = Vec::new();
        for name in self.layout.volume_names()? {
            // One may have gone since it was listed.
            if let Some(record) = self.layout.volume_record(&name)? {
                volumes.push(VolumeUsage {
                    used: self.used(&name, &record),
                    name: name.to_string(),
                    tenant: record.tenant.map(|tenant| tenant.to_string()),
                    size: record.size,
                });
            }
        }
        let tenants = self.tenants(&volumes)?;
        Ok(Usage {
            quota: self.kind,
            volumes,
            tenants,
        })
    }

    fn tenants(&self, volumes: &[VolumeUsage]) -> PoolResult<Vec<TenantUse>> {
        let mut tenants = Vec::new();
        for tenant in self.layout.tenant_names()? {
            let Some(record) = self.layout.tenant_record(&tenant)? else {
                continue;
            };
            let theirs = || {
                let theirs = volumes
                    .iter()
                    .filter(|volume| volume.tenant.as_deref() == Some(tenant.as_str()));
                theirs.map(|volume| volume.used).sum()
            };
            let used = match self.known_kernel() {
                Some(kernel) => kernel.used(Group::tenant(record.number)).unwrap_or(0),
                None => theirs(),
            };
            tenants.push(TenantUse {
                used,
                tenant: tenant.to_string(),
                limit: record.limit,
            });
        }
        Ok(tenants)
    }
}

pub(super) fn tenant_lock(tenant: &TenantName) -> String {
    // No volume's name has a slash.
    format!("tenant/{tenant}")
}

fn missing(name: &VolumeName) -> PoolError {
    PoolError::Missing {
        what: "volume",
        name: name.to_string(),
    }
}

fn check_size(size: u64) -> PoolResult<()> {
    if size >= SMALLEST {
        return Ok(());
    }
    Err(PoolError::Invalid(format!(
        "{} is too small: the file system needs room for its own, so choose at least {}",
        show_size(size),
        show_size(SMALLEST)
    )))
}
