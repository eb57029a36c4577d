//! A pool in memory, for tests of the panel: it knows names, limits and amounts, and no contents.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    Kind, PoolError, PoolResult, SnapshotName, SnapshotUse, Storage, TenantName, TenantUse, Usage,
    VolumeName, VolumeUsage,
};

/// The bytes that it has for volumes.
pub const TOTAL: u64 = 200 << 30;

/// What is known of a volume.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FakeVolume {
    /// Whose it is.
    pub tenant: Option<String>,
    /// What it may hold.
    pub size: u64,
    /// What it holds.
    pub used: u64,
    /// Its snapshots.
    pub snapshots: BTreeSet<String>,
    /// The snapshots that it was restored from, in order.
    pub restored: Vec<String>,
}

#[derive(Debug, Default)]
struct State {
    is_away: bool,
    is_full: bool,
    volumes: BTreeMap<String, FakeVolume>,
    tenants: BTreeMap<String, u64>,
}

/// The pool. Clones are handles to the same one.
#[derive(Debug, Clone, Default)]
pub struct FakePool(Arc<Mutex<State>>);

impl FakePool {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether its driver answers from now on.
    pub fn set_away(&self, is_away: bool) {
        self.lock().is_away = is_away;
    }

    /// Whether quotas are used up from now on.
    pub fn set_full(&self, is_full: bool) {
        self.lock().is_full = is_full;
    }

    /// The volume of this name, as it is.
    pub fn volume(&self, name: &str) -> Option<FakeVolume> {
        self.lock().volumes.get(name).cloned()
    }

    /// What a tenant's volumes may hold.
    pub fn limit(&self, tenant: &str) -> Option<u64> {
        self.lock().tenants.get(tenant).copied()
    }

    /// Makes a volume, as the engine does through the driver.
    pub fn make(&self, name: &str, tenant: &str, size: u64) -> PoolResult<()> {
        let mut state = self.answers()?;
        let volume = state.volumes.entry(name.to_owned()).or_default();
        (volume.tenant, volume.size) = (Some(tenant.to_owned()), size);
        Ok(())
    }

    /// Removes a volume, as the engine does through the driver.
    pub fn forget(&self, name: &str) {
        self.lock().volumes.remove(name);
    }

    /// Lets a volume hold so much.
    pub fn fill(&self, name: &str, used: u64) {
        self.lock().volumes.entry(name.to_owned()).or_default().used = used;
    }

    fn with<T>(
        &self,
        volume: &VolumeName,
        act: impl FnOnce(&mut FakeVolume) -> PoolResult<T>,
    ) -> PoolResult<T> {
        let mut state = self.answers()?;
        let found = state.volumes.get_mut(volume.as_str());
        act(found.ok_or_else(|| super::volumes::missing(volume))?)
    }

    fn answers(&self) -> PoolResult<MutexGuard<'_, State>> {
        let state = self.lock();
        if state.is_away {
            return Err(PoolError::NoDriver {
                socket: PathBuf::from("/run/fake.sock"),
                says: "it is away".to_owned(),
            });
        }
        Ok(state)
    }
}

#[async_trait]
impl Storage for FakePool {
    async fn kind(&self) -> PoolResult<Kind> {
        self.answers().map(|_| Kind::Enforced)
    }

    async fn total(&self) -> PoolResult<u64> {
        self.answers().map(|_| TOTAL)
    }

    async fn usage(&self, _fresh: bool) -> PoolResult<Usage> {
        let state = self.answers()?;
        let volumes: Vec<VolumeUsage> = state
            .volumes
            .iter()
            .map(|(name, volume)| VolumeUsage {
                name: name.clone(),
                tenant: volume.tenant.clone(),
                used: volume.used,
                size: volume.size,
            })
            .collect();
        let theirs = |tenant: &str| {
            let theirs = volumes
                .iter()
                .filter(|volume| volume.tenant.as_deref() == Some(tenant));
            theirs.map(|volume| volume.used).sum()
        };
        let owners = volumes.iter().filter_map(|volume| volume.tenant.as_ref());
        let names: BTreeSet<&String> = owners.chain(state.tenants.keys()).collect();
        let tenants = names.into_iter().map(|tenant| TenantUse {
            tenant: tenant.clone(),
            used: theirs(tenant),
            limit: state.tenants.get(tenant).copied(),
        });
        Ok(Usage {
            quota: Kind::Enforced,
            tenants: tenants.collect(),
            volumes,
        })
    }

    async fn resize(&self, volume: &VolumeName, size: u64) -> PoolResult<()> {
        self.with(volume, |found| {
            if size < found.used {
                return Err(PoolError::TooSmall {
                    what: format!("the volume {volume}"),
                    used: found.used,
                    wanted: size,
                });
            }
            found.size = size;
            Ok(())
        })
    }

    async fn limit_tenant(&self, tenant: &TenantName, limit: Option<u64>) -> PoolResult<()> {
        let mut state = self.answers()?;
        match limit {
            Some(limit) => drop(state.tenants.insert(tenant.to_string(), limit)),
            None => drop(state.tenants.remove(tenant.as_str())),
        }
        Ok(())
    }

    async fn give(&self, volume: &VolumeName, tenant: &TenantName) -> PoolResult<()> {
        self.with(volume, |found| {
            found.tenant = Some(tenant.to_string());
            Ok(())
        })
    }

    async fn snapshot(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        if self.answers()?.is_full {
            return Err(PoolError::QuotaReached);
        }
        self.with(volume, |found| {
            if found.snapshots.insert(snapshot.to_string()) {
                return Ok(());
            }
            Err(PoolError::Exists(format!("there is a snapshot {snapshot}")))
        })
    }

    async fn snapshots(&self, volume: &VolumeName) -> PoolResult<Vec<SnapshotUse>> {
        self.with(volume, |found| {
            let all = found.snapshots.iter();
            Ok(all
                .map(|name| SnapshotUse {
                    name: name.clone(),
                    held: 4096,
                })
                .collect())
        })
    }

    async fn remove_snapshot(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.with(volume, |found| {
            if found.snapshots.remove(snapshot.as_str()) {
                return Ok(());
            }
            Err(super::snapshots::missing_snapshot(volume, snapshot))
        })
    }

    async fn restore(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        self.with(volume, |found| {
            if !found.snapshots.contains(snapshot.as_str()) {
                return Err(super::snapshots::missing_snapshot(volume, snapshot));
            }
            found.restored.push(snapshot.to_string());
            Ok(())
        })
    }
}
