//! What servers' volumes hold. The node's pool knows it of all its volumes at once, and is asked every half minute. The
//! engine has to walk all files of its own volumes, and is asked now and then. Between two answers the last one is shown with
//! its age, and before the first one none is.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::drivers::engine::VolumeUse;
use crate::drivers::pool::Storage;
use crate::platform::error::Cause;
use crate::platform::ids::ServerId;
use crate::storage;
use crate::volumes;

use super::store;

/// The engine walks every file of every volume, so it is not asked often.
const PERIOD: TimeDelta = TimeDelta::minutes(30);
/// The pool reads a figure for each volume.
const POOL_PERIOD: TimeDelta = TimeDelta::seconds(30);

/// Measures in the background, each of the two once at a time.
#[derive(Debug, Default)]
pub(super) struct Disk {
    engine: Turn,
    pool: Turn,
}

/// When something was asked, and whether that goes on.
#[derive(Debug, Default)]
struct Turn {
    asked: Option<DateTime<Utc>>,
    under_way: TaskTracker,
}

impl Turn {
    /// Begins work if it is time and none is under way.
    fn begin<F>(&mut self, app: &App, (now, period): (DateTime<Utc>, TimeDelta), work: F)
    where
        F: Future<Output = Result<u64, Cause>> + Send + 'static,
    {
        let is_early = self.asked.is_some_and(|asked| (now - asked).abs() < period);
        if is_early || !self.under_way.is_empty() {
            return;
        }
        self.asked = Some(now);
        let (held, app) = (self.under_way.token(), app.clone());
        app.tasks.clone().spawn(async move {
            let outcome = tokio::select! {
                () = app.tasks.stopping() => Ok(0),
                outcome = work => outcome,
            };
            match outcome {
                Ok(count) => tracing::debug!(count, "volumes were measured"),
                Err(error) => tracing::warn!(error = &*error, "volumes were not measured"),
            }
            drop(held);
        });
    }
}

impl Disk {
    /// Begins what it is time for.
    pub(super) fn begin(&mut self, app: &App, now: DateTime<Utc>) {
        let own = app.clone();
        self.engine
            .begin(app, (now, PERIOD), async move { measure(&own).await });
        if let Some(storage) = app.storage.clone() {
            let own = app.clone();
            let work = async move { measure_pool(&own, &*storage).await };
            self.pool.begin(app, (now, POOL_PERIOD), work);
        }
    }
}

/// Measures the engine's own volumes once, if there are any. Says how many servers they belong to.
pub(super) async fn measure(app: &App) -> Result<u64, Cause> {
    let mut tx = app.db.system().await?;
    let has_soft = store::has_soft(&mut tx).await? || volumes::has_soft(&mut tx).await?;
    drop(tx);
    if app.storage.is_some() && !has_soft {
        return Ok(0);
    }
    let used = app.engine.volume_use().await?;
    let mut sizes: HashMap<ServerId, i64> = HashMap::with_capacity(used.len());
    let mut shared = Vec::new();
    for VolumeUse { name, server, bytes } in used {
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        match server.map(|server| server.as_str().parse()) {
            Some(Ok(id)) => {
                let sum = sizes.entry(id).or_default();
                *sum = sum.saturating_add(bytes);
            }
            Some(Err(_)) => {}
            None => shared.push((name, bytes)),
        }
    }
    let sizes: Vec<(ServerId, i64)> = sizes.into_iter().collect();
    let mut tx = app.db.system().await?;
    let count = store::save_disk(&mut tx, &sizes, app.now()).await?;
    volumes::measured(&mut tx, &shared, app.now()).await?;
    storage::measured(&mut tx, app.now()).await?;
    tx.commit().await?;
    Ok(count)
}

/// Measures the pool's volumes once, in one call. Says how many servers they belong to.
pub(super) async fn measure_pool(app: &App, storage: &dyn Storage) -> Result<u64, Cause> {
    let usage = storage.usage(false).await?;
    let of = |bytes: u64| i64::try_from(bytes).unwrap_or(i64::MAX);
    let volumes = usage.volumes.into_iter();
    let volumes: Vec<(String, i64)> = volumes.map(|volume| (volume.name, of(volume.used))).collect();
    let mut tx = app.db.system().await?;
    let count = store::save_pool(&mut tx, &volumes, app.now()).await?;
    volumes::measured(&mut tx, &volumes, app.now()).await?;
    storage::measured(&mut tx, app.now()).await?;
    tx.commit().await?;
    Ok(count)
}
