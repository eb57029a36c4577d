//! What everything holds, in one call.

use serde::{Deserialize, Serialize};

use super::kernel::Group;
use super::{Kind, Pool, PoolResult};

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
