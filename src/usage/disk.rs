//! What servers' volumes hold, asked of the engine now and then: it has to walk all their files for the answer. Between two
//! answers the last one is shown with its age, and before the first one none is.

use std::collections::HashMap;

use chrono::{DateTime, TimeDelta, Utc};
use tokio_util::task::TaskTracker;

use crate::app::App;
use crate::drivers::engine::VolumeUse;
use crate::platform::error::Cause;
use crate::platform::ids::ServerId;
use crate::storage;

use super::store;

/// The engine walks every file of every volume, so it is not asked often.
const PERIOD: TimeDelta = TimeDelta::minutes(30);

/// Measures in the background, once at a time.
#[derive(Debug, Default)]
pub(super) struct Disk {
    asked: Option<DateTime<Utc>>,
    under_way: TaskTracker,
}

impl Disk {
    /// Begins a measurement if it is time and none is under way.
    pub(super) fn begin(&mut self, app: &App, now: DateTime<Utc>) {
        let is_early = self.asked.is_some_and(|asked| (now - asked).abs() < PERIOD);
        if is_early || !self.under_way.is_empty() {
            return;
        }
        self.asked = Some(now);
        let (held, app) = (self.under_way.token(), app.clone());
        app.tasks.clone().spawn(async move {
            let outcome = tokio::select! {
                () = app.tasks.stopping() => Ok(0),
                outcome = measure(&app) => outcome,
            };
            match outcome {
                Ok(count) => tracing::debug!(count, "volumes were measured"),
                Err(error) => tracing::warn!(error = &*error, "volumes were not measured"),
            }
            drop(held);
        });
    }
}

/// Measures all volumes once. Says how many servers they belong to.
pub(super) async fn measure(app: &App) -> Result<u64, Cause> {
    let used = app.engine.volume_use().await?;
    let mut sizes: HashMap<ServerId, i64> = HashMap::with_capacity(used.len());
    for VolumeUse { server, bytes } in used {
        if let Ok(id) = server.as_str().parse() {
            let sum = sizes.entry(id).or_default();
            *sum = sum.saturating_add(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
    }
    let sizes: Vec<(ServerId, i64)> = sizes.into_iter().collect();
    let mut tx = app.db.system().await?;
    let count = store::save_disk(&mut tx, &sizes, app.now()).await?;
    storage::measured(&mut tx, app.now()).await?;
    tx.commit().await?;
    Ok(count)
}
