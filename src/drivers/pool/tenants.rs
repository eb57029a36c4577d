//! Tenants: the group around a customer's volumes, and its limit.

use std::fs;

use super::kernel::Group;
use super::layout::{self, TenantRecord, VolumeRecord};
use super::volumes::{check_size, missing};
use super::{Kind, Pool, PoolError, PoolResult, TenantName, VolumeName};
use crate::platform::fault;

impl Pool {
    pub(super) fn tenant_of(&self, record: &VolumeRecord) -> PoolResult<Option<TenantRecord>> {
        let Some(tenant) = &record.tenant else {
            return Ok(None);
        };
        self.layout.tenant_record(tenant)
    }

    /// The tenant's record, made if there is none. Under the tenant's lock.
    pub(super) fn ensure_tenant(&self, tenant: &TenantName) -> PoolResult<TenantRecord> {
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

    /// Gives a volume to another tenant: it counts for that one's quota from now on, and no more for the former's.
    pub fn give(&self, name: &VolumeName, tenant: &TenantName) -> PoolResult<()> {
        self.demand()?;
        self.locks.hold(name.as_str(), || {
            let mut record = self.layout.volume_record(name)?.ok_or_else(|| missing(name))?;
            if record.tenant.as_ref() == Some(tenant) {
                return Ok(());
            }
            let former = self.tenant_of(&record)?;
            // Not while somebody finds that the tenant has no volumes.
            let new = self.locks.hold(&tenant_lock(tenant), || {
                let new = self.ensure_tenant(tenant)?;
                record.tenant = Some(tenant.clone());
                self.layout.write_volume(name, &record)?;
                Ok::<_, PoolError>(new)
            })?;
            fault::point("pool.given");
            if self.kind == Kind::Soft {
                return Ok(());
            }
            let group = Group::volume(record.number);
            if let Some(former) = former {
                self.btrfs.unassign(group, Group::tenant(former.number))?;
            }
            self.btrfs.assign(group, Group::tenant(new.number))
        })
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
}

pub(super) fn tenant_lock(tenant: &TenantName) -> String {
    // No volume's name has a slash.
    format!("tenant/{tenant}")
}
