//! Snapshots that are nobody's but a reader's: taken so that data holds still while something reads it, in no list, and
//! removed by whoever took them.

use std::fmt;

use crate::app::App;
use crate::drivers::pool::{PoolError, PoolResult, SnapshotName, Storage, VolumeName};
use crate::platform::ids::SnapshotId;

use super::reconcile::Trouble;
use super::store;
use super::views::{self, Viewed};

/// Why data was not made to hold still, or goes on doing so.
#[derive(Debug)]
pub struct HoldError(Trouble);

impl HoldError {
    /// Whether trying again helps, without anybody doing something.
    pub fn passes(&self) -> bool {
        self.0.passes()
    }
}

impl fmt::Display for HoldError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.words())
    }
}

impl<T: Into<Trouble>> From<T> for HoldError {
    fn from(error: T) -> Self {
        Self(error.into())
    }
}

/// Takes a snapshot of all of these volumes of a server, and makes views of them. False where not all of them are in the pool.
/// Harmless when repeated: what a dead reader took is taken for that.
pub async fn hold(app: &App, viewed: Viewed<'_>, names: &[String]) -> Result<bool, HoldError> {
    let Some(storage) = &app.storage else {
        return Ok(false);
    };
    let volumes = pooled(app, viewed).await?;
    if volumes.len() != names.len() {
        return Ok(false);
    }
    for volume in &volumes {
        take(storage.as_ref(), volume, viewed.snapshot).await?;
    }
    views::ensure(app, viewed, names).await?;
    Ok(true)
}

/// Removes it with its views, if there is one.
pub async fn release(app: &App, viewed: Viewed<'_>) -> Result<(), HoldError> {
    let Some(storage) = &app.storage else {
        return Ok(());
    };
    let volumes = pooled(app, viewed).await?;
    if volumes.is_empty() {
        return Ok(());
    }
    views::remove(app, viewed).await?;
    for volume in &volumes {
        put_away(storage.as_ref(), volume, viewed.snapshot).await?;
    }
    Ok(())
}

/// Takes one of a volume, unless there is that already.
pub(super) async fn take(storage: &dyn Storage, volume: &VolumeName, id: SnapshotId) -> PoolResult<()> {
    let name = SnapshotName::parse(&id.to_string())?;
    match storage.snapshot(volume, &name).await {
        Err(error) if error.code() == "exists" => Ok(()),
        other => other,
    }
}

/// Removes one of a volume, if there is that.
pub(super) async fn put_away(storage: &dyn Storage, volume: &VolumeName, id: SnapshotId) -> PoolResult<()> {
    let name = SnapshotName::parse(&id.to_string())?;
    match storage.remove_snapshot(volume, &name).await {
        Err(error) if error.code() == "missing" => Ok(()),
        other => other,
    }
}

/// The server's volumes that can be snapshotted.
async fn pooled(app: &App, viewed: Viewed<'_>) -> Result<Vec<VolumeName>, HoldError> {
    let mut tx = app.db.system().await?;
    let names = store::volumes(&mut tx, viewed.server.home()).await?;
    let names: Result<_, PoolError> = names.iter().map(|name| VolumeName::parse(name)).collect();
    Ok(names?)
}
