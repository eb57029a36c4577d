//! What the panel asks of a node's pool, so that its tests need none. Each call may be repeated, also after a crash in its
//! middle; a pool that is away errs with [`PoolError::NoDriver`] or says why it is gone.

use std::fmt;

use async_trait::async_trait;

#[cfg(doc)]
use super::PoolError;
use super::{Client, Kind, PoolResult, SnapshotName, SnapshotUse, TenantName, Usage, VolumeName};

/// A node's pool, by its driver.
#[async_trait]
pub trait Storage: fmt::Debug + Send + Sync {
    /// Whether it enforces limits.
    async fn kind(&self) -> PoolResult<Kind>;

    /// How many bytes there are for volumes.
    async fn total(&self) -> PoolResult<u64>;

    /// What everything holds; as of now if `fresh`, else at most 30 s old. One call, cheap enough for every half minute.
    async fn usage(&self, fresh: bool) -> PoolResult<Usage>;

    /// Changes what a volume may hold, at once and while it is used; less than it holds is refused.
    async fn resize(&self, volume: &VolumeName, size: u64) -> PoolResult<()>;

    /// Changes what a tenant's volumes may hold together, or lifts the limit; less than they hold is refused.
    async fn limit_tenant(&self, tenant: &TenantName, limit: Option<u64>) -> PoolResult<()>;

    /// Gives a volume to another tenant.
    async fn give(&self, volume: &VolumeName, tenant: &TenantName) -> PoolResult<()>;

    /// Makes a read-only snapshot of a volume. One of that name that is there is an error of the code `exists`.
    async fn snapshot(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()>;

    /// A volume's snapshots, and what each holds.
    async fn snapshots(&self, volume: &VolumeName) -> PoolResult<Vec<SnapshotUse>>;

    /// Removes a snapshot. One that is not there is an error of the code `missing`.
    async fn remove_snapshot(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()>;

    /// Puts a snapshot's contents in place of a volume's, which nothing has open.
    async fn restore(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()>;
}

#[async_trait]
impl Storage for Client {
    async fn kind(&self) -> PoolResult<Kind> {
        let quota = self.status().await?.quota;
        Ok(quota.unwrap_or(Kind::Soft))
    }

    async fn total(&self) -> PoolResult<u64> {
        Ok(self.status().await?.total)
    }

    async fn usage(&self, fresh: bool) -> PoolResult<Usage> {
        Client::usage(self, fresh).await
    }

    async fn resize(&self, volume: &VolumeName, size: u64) -> PoolResult<()> {
        Client::resize(self, volume, size).await
    }

    async fn limit_tenant(&self, tenant: &TenantName, limit: Option<u64>) -> PoolResult<()> {
        Client::limit_tenant(self, tenant, limit).await
    }

    async fn give(&self, volume: &VolumeName, tenant: &TenantName) -> PoolResult<()> {
        Client::give(self, volume, tenant).await
    }

    async fn snapshot(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        Client::snapshot(self, volume, snapshot).await
    }

    async fn snapshots(&self, volume: &VolumeName) -> PoolResult<Vec<SnapshotUse>> {
        Client::snapshots(self, volume).await
    }

    async fn remove_snapshot(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        Client::remove_snapshot(self, volume, snapshot).await
    }

    async fn restore(&self, volume: &VolumeName, snapshot: &SnapshotName) -> PoolResult<()> {
        Client::restore(self, volume, snapshot).await
    }
}
