//! What makes a pool as its notes say: at start, after each mounting, and while it is served, because pools are changed
//! behind our back. Quotas are switched off, file systems unmounted, limits lifted; a customer makes subvolumes inside a
//! volume, which any user of a btrfs may, and which would count for nobody; a process dies between two steps.

use std::collections::{HashMap, HashSet};
use std::path::{Component, Path};
use std::sync::PoisonError;

use super::kernel::{Accounting, Group, Kernel};
use super::layout::{self, VolumeRecord};
use super::tenants::tenant_lock;
use super::{Kind, Pool, PoolError, PoolResult, VolumeName, clear, find};

/// After so many looks everything is compared with its notes, not only what changed.
const ALL_OF_IT: u32 = 60;
/// The subvolume that the pool itself is.
const TOP: u64 = 5;

type Memberships = HashMap<Group, Option<Vec<Group>>>;

/// What the looks before have seen.
#[derive(Debug, Default)]
pub(super) struct Seen {
    subvolumes: HashSet<u64>,
    looks: u32,
}

impl Pool {
    /// Makes everything as it is noted. Harmless when repeated.
    pub(super) fn settle(&self) -> PoolResult<()> {
        if self.kind == Kind::Soft {
            self.settle_numbers(&[])?;
            self.clear_unnamed()?;
            return self.each_volume(|name, record| self.finish(name, record));
        }
        let kernel = self.kernel()?;
        if kernel.accounting() == Accounting::Off {
            tracing::warn!(
                "quotas of the pool are off, switching them on; limits hold again when all is counted"
            );
            self.btrfs.enable()?;
        }
        self.settle_numbers(&kernel.groups())?;
        self.clear_unnamed()?;
        self.settle_tenants();
        let memberships = self.btrfs.memberships()?;
        self.each_volume(|name, record| self.settle_volume(name, record, &memberships))?;
        self.adopt_all(&kernel, &memberships);
        self.retire_groups(&kernel, &memberships)?;
        if kernel.accounting() == Accounting::Stale {
            self.btrfs.count()?;
        }
        Ok(())
    }

    /// No number is given that something has.
    fn settle_numbers(&self, groups: &[Group]) -> PoolResult<()> {
        let above = groups.iter().filter(|group| group.level > 0);
        self.skip_numbers(above.map(|group| group.number));
        self.skip_numbers(self.layout.removed_numbers()?.into_iter());
        for name in self.layout.volume_names()? {
            let record = self.layout.volume_record(&name).ok().flatten();
            self.skip_numbers(record.into_iter().map(|record| record.number));
        }
        for tenant in self.layout.tenant_names()? {
            let record = self.layout.tenant_record(&tenant).ok().flatten();
            self.skip_numbers(record.into_iter().map(|record| record.number));
        }
        Ok(())
    }

    /// Folders that never got a name are nobody's. While the pool is served one may be about to get its name.
    fn clear_unnamed(&self) -> PoolResult<()> {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if std::mem::replace(&mut seen.looks, 1) > 0 {
            return Ok(());
        }
        drop(seen);
        for name in layout::entries(&self.layout.new_volumes())? {
            clear(&self.layout.new_volumes().join(name))?;
        }
        Ok(())
    }

    /// Does `work` for each volume. One that fails keeps no other from it.
    fn each_volume(&self, work: impl Fn(&VolumeName, &VolumeRecord) -> PoolResult<()>) -> PoolResult<()> {
        for name in self.layout.volume_names()? {
            let outcome = self
                .locks
                .hold(name.as_str(), || match self.layout.volume_record(&name)? {
                    Some(record) => work(&name, &record),
                    None => Ok(()),
                });
            match outcome {
                Err(error @ PoolError::Gone { .. }) => return Err(error),
                Err(error) => tracing::error!(%name, %error, "a volume is not as it should be"),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn settle_tenants(&self) {
        for tenant in self.layout.tenant_names().unwrap_or_default() {
            let outcome = self.locks.hold(&tenant_lock(&tenant), || {
                match self.layout.tenant_record(&tenant)? {
                    Some(record) => self.finish_tenant(&record),
                    None => Ok(()),
                }
            });
            if let Err(error) = outcome {
                tracing::error!(%tenant, %error, "a tenant's limit is not as it should be");
            }
        }
    }

    fn settle_volume(
        &self,
        name: &VolumeName,
        record: &VolumeRecord,
        memberships: &Memberships,
    ) -> PoolResult<()> {
        self.finish(name, record)?;
        self.drop_unfinished(name, record)?;
        let group = Group::volume(record.number);
        let Some(tenant) = self.tenant_of(record)? else {
            return Ok(());
        };
        let tenant = Group::tenant(tenant.number);
        let of = memberships.get(&group).and_then(Option::as_ref);
        let of = of.map_or(&[][..], Vec::as_slice);
        // Whose it was before, if somebody died while it was given to another.
        for former in of.iter().filter(|of| of.level == tenant.level && **of != tenant) {
            self.btrfs.unassign(group, *former)?;
        }
        if of.contains(&tenant) {
            Ok(())
        } else {
            self.btrfs.assign(group, tenant)
        }
    }

    /// Puts every subvolume into the group of its volume.
    fn adopt_all(&self, kernel: &Kernel, memberships: &Memberships) {
        let ids: HashSet<u64> = subvolumes(kernel).collect();
        for id in &ids {
            let of = memberships.get(&Group::subvolume(*id)).and_then(Option::as_ref);
            if !of.is_some_and(|of| of.iter().any(|group| group.level == 1)) {
                self.adopt(*id, true);
            }
        }
        self.seen
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .subvolumes = ids;
    }

    /// Kernels before 6.11 keep the groups of subvolumes that are gone: those of snapshots, and of customers' own.
    fn retire_groups(&self, kernel: &Kernel, memberships: &Memberships) -> PoolResult<()> {
        let groups: Vec<u64> = subvolumes(kernel).collect();
        // Read after the groups, so that one that is being made now has its place in it.
        let there = self.btrfs.subvolumes()?;
        for id in groups.into_iter().filter(|id| !there.contains(id)) {
            let group = Group::subvolume(id);
            if kernel.used(group) != Some(0) {
                continue;
            }
            let of = memberships.get(&group).and_then(Option::as_ref);
            let volume = of.and_then(|of| of.iter().find(|group| group.level == 1));
            let retired = match volume {
                Some(volume) => self.btrfs.retire(group, *volume),
                None => self.btrfs.destroy_group(group),
            };
            if let Err(error) = retired {
                tracing::debug!(%group, %error, "the group of a subvolume that is gone stays");
            }
        }
        Ok(())
    }

    /// Puts a subvolume into the group of the volume that it is in. What we made is in it from its first byte, and is
    /// looked at only if `all`.
    fn adopt(&self, id: u64, all: bool) {
        let outcome = (|| {
            let Some(path) = self.btrfs.place(id)? else {
                return Ok(());
            };
            let Some((number, is_ours)) = self.home(&path)? else {
                return Ok(());
            };
            if is_ours && !all {
                return Ok(());
            }
            if !is_ours {
                tracing::info!(path = %path.display(), "a subvolume was made inside a volume; it counts for that");
            }
            self.btrfs.assign(Group::subvolume(id), Group::volume(number))
        })();
        if let Err(error) = outcome {
            tracing::warn!(id, %error, "a subvolume can't be counted for its volume");
        }
    }

    /// The number of the volume that a path is in, and whether it is one of those that we make.
    pub(super) fn home(&self, path: &Path) -> PoolResult<Option<(u64, bool)>> {
        let names = path.components().map(|component| match component {
            Component::Normal(name) => name.to_str().unwrap_or_default(),
            _ => "",
        });
        let names: Vec<&str> = names.collect();
        match names.as_slice() {
            ["volumes", name, rest @ ..] => {
                let name = VolumeName::parse(name)?;
                let record = self.layout.volume_record(&name)?;
                Ok(record.map(|record| (record.number, is_ours(rest))))
            }
            [".berth", "removed", number, rest @ ..] => {
                Ok(number.parse().ok().map(|number| (number, is_ours(rest))))
            }
            _ => Ok(None),
        }
    }

    /// One look, a second after the one before. Tells whether all is well, and mends what it can.
    pub fn look(&self) -> PoolResult<()> {
        if self.demand().is_err() {
            find(&self.layout, &self.source)?;
            self.begin()?;
            tracing::info!("the pool is mounted again");
            return Ok(());
        }
        let looks = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            seen.looks = seen.looks.wrapping_add(1).max(1);
            seen.looks
        };
        if self.kind == Kind::Soft {
            return Ok(());
        }
        let kernel = self.kernel()?;
        if kernel.accounting() == Accounting::Off || looks.is_multiple_of(ALL_OF_IT) {
            return self.settle();
        }
        self.adopt_new(&kernel);
        if kernel.accounting() == Accounting::Stale {
            self.btrfs.count()?;
        }
        Ok(())
    }

    fn adopt_new(&self, kernel: &Kernel) {
        let now: HashSet<u64> = subvolumes(kernel).collect();
        let new: Vec<u64> = {
            let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
            let new = now.difference(&seen.subvolumes).copied().collect();
            seen.subvolumes = now;
            new
        };
        for id in new {
            self.adopt(id, false);
        }
    }
}

/// The subvolumes that there are, by their groups.
fn subvolumes(kernel: &Kernel) -> impl Iterator<Item = u64> {
    let groups = kernel.groups().into_iter();
    groups
        .filter(|group| group.level == 0 && group.number != TOP)
        .map(|group| group.number)
}

/// Whether a path within a volume's folder is one of the subvolumes that we make.
fn is_ours(rest: &[&str]) -> bool {
    matches!(rest, ["data" | "new"] | ["snapshots", _])
}
