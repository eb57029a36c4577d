//! The work on volumes: making them, giving them their sizes, removing them.
//!
//! Each look at a row does the one thing that its plan says, writes that down, and gives the row back. Each effect may be
//! repeated, so a panel that dies anywhere is followed by one that does it again: a volume that is there is found, a size that is
//! set is set again, and one that is gone is gone. What was once written down as made is never made again.

mod fill;
mod trouble;
mod work;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::engine::{EngineError, VolumeKey};
use crate::platform::error::Error;
use crate::platform::ids::VolumeId;
use crate::platform::reconcile::{Poke, Reconciler, drive, wake};

use super::TOPIC;
use super::store::{self, Claimed};
use work::Work;

/// Whoever does not renew it for so long has died.
const LEASE: TimeDelta = TimeDelta::seconds(15);

/// The key of a volume on the engine. Ids are never used twice, and neither is it.
pub fn volume_key(id: VolumeId) -> Result<VolumeKey, EngineError> {
    VolumeKey::new(id.to_string())
}

/// The reconciler of volumes.
#[derive(Debug, Clone)]
pub struct Volumes {
    app: App,
}

impl Volumes {
    /// The reconciler of all volumes.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

/// Starts the work on volumes in the background of this process, woken by what is asked for.
pub fn begin(app: &App) {
    let volumes = Arc::new(Volumes::new(app));
    let poke = Poke::default();
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(volumes, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Volumes {
    type Item = Claimed;
    const KIND: &'static str = "volume";
    const CONCURRENCY: usize = 4;
    const PERIOD: Duration = Duration::from_secs(1);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let now = self.app.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, self.app.ids.uuid(now), (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        let work = Work {
            app: &self.app,
            claimed: &claimed,
        };
        work.while_leased().await
    }
}
