//! Freeing what was removed: subvolumes, groups, folders, and tenants of whom nothing is left.

use super::kernel::Group;
use super::tenants::tenant_lock;
use super::{Kind, Pool, PoolResult, TenantName, clear};
use crate::platform::fault;

impl Pool {
    /// Frees what was removed. It waits for the kernel, which may take as long as there are data.
    pub fn free(&self) -> PoolResult<()> {
        self.demand()?;
        let removed = self.layout.removed_numbers()?;
        if removed.is_empty() {
            return Ok(());
        }
        if self.kind == Kind::Enforced {
            self.free_subvolumes(&removed)?;
        }
        for number in removed {
            if self.kind == Kind::Enforced && self.btrfs.destroy_group(Group::volume(number)).is_err() {
                // Something is in it still. The next call finds out.
                continue;
            }
            fault::point("pool.group_destroyed");
            clear(&self.layout.removed().join(number.to_string()))?;
        }
        self.forget_tenants()
    }

    fn free_subvolumes(&self, removed: &[u64]) -> PoolResult<()> {
        let kernel = self.kernel()?;
        let mut members = Vec::new();
        for (group, of) in self.btrfs.memberships()? {
            if group.level == 0
                && let Some(number) = self.removed_home(group.number, of.as_deref(), removed)?
            {
                members.push((group.number, number));
            }
        }
        for (id, _) in &members {
            // One that holds another goes when that has gone.
            if let Err(error) = self.btrfs.delete_subvolume(*id) {
                tracing::debug!(id, %error, "a subvolume can't be deleted yet");
            }
        }
        if !members.is_empty() {
            fault::point("pool.subvolumes_deleted");
            self.btrfs.wait_until_freed()?;
        }
        for (id, number) in members {
            // Kernels before 6.11 keep the groups of subvolumes that are gone.
            if kernel.has(Group::subvolume(id)) && self.btrfs.place(id)?.is_none() {
                self.btrfs.retire(Group::subvolume(id), Group::volume(number))?;
            }
        }
        Ok(())
    }

    /// The removed volume that a subvolume belongs to. Where the list can't tell, its place does.
    fn removed_home(&self, id: u64, of: Option<&[Group]>, removed: &[u64]) -> PoolResult<Option<u64>> {
        if let Some(of) = of {
            let mut ours = of
                .iter()
                .filter(|group| group.level == 1)
                .map(|group| group.number);
            return Ok(ours.find(|number| removed.contains(number)));
        }
        let Some(path) = self.btrfs.place(id)? else {
            return Ok(None);
        };
        let is_away = path.starts_with(".berth/removed");
        Ok(self.home(&path)?.filter(|_| is_away).map(|(number, _)| number))
    }

    /// Forgets tenants without a limit of whom there is no volume any more.
    fn forget_tenants(&self) -> PoolResult<()> {
        for tenant in self.layout.tenant_names()? {
            self.locks
                .hold(&tenant_lock(&tenant), || self.forget_tenant(&tenant))?;
        }
        Ok(())
    }

    fn forget_tenant(&self, tenant: &TenantName) -> PoolResult<()> {
        let Some(record) = self.layout.tenant_record(tenant)? else {
            return Ok(());
        };
        if record.limit.is_some() {
            return Ok(());
        }
        for name in self.layout.volume_names()? {
            let of = self.layout.volume_record(&name)?.and_then(|record| record.tenant);
            if of.as_ref() == Some(tenant) {
                return Ok(());
            }
        }
        // It fails while a volume of theirs is being freed.
        let group = Group::tenant(record.number);
        if self.kind == Kind::Enforced && self.btrfs.destroy_group(group).is_err() {
            return Ok(());
        }
        clear(&self.layout.tenant(tenant))
    }
}
