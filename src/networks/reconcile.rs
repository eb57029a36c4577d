//! Removing networks that somebody deleted: when their servers have left, the engine's goes, and the row last.
//!
//! Servers are moved by their own reconciler, which the deletion woke; here it is only waited for them. A panel that dies
//! between the engine's removal and the row's is followed by one that finds nothing to remove, and erases the row.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::engine::{EngineError, NetworkKey};
use crate::platform::error::Error;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience};
use crate::platform::{events, fault};

use super::TOPIC;
use super::model::key_text;
use super::store::{self, Claimed};

/// Whoever holds a network for longer has died.
const LEASE: TimeDelta = TimeDelta::seconds(20);
/// How soon to look again whether its servers have left.
const WAIT: TimeDelta = TimeDelta::seconds(1);
/// What fails is tried again after so long at most.
const LONGEST: TimeDelta = TimeDelta::minutes(5);

/// The reconciler of networks.
#[derive(Debug, Clone)]
pub struct Networks {
    app: App,
}

impl Networks {
    /// The reconciler of all networks.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

/// Starts the work on networks in the background of this process.
pub fn begin(app: &App) {
    let networks = Arc::new(Networks::new(app));
    app.tasks
        .spawn(drive(networks, Poke::default(), app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Networks {
    type Item = Claimed;
    const KIND: &'static str = "network";
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
        let mut tx = self.app.db.system().await?;
        let members = store::count_members(&mut tx, claimed.id).await?;
        if members > 0 {
            store::put_off(&mut tx, &claimed, None, self.app.now() + WAIT).await?;
            tx.commit().await?;
            return Ok(false);
        }
        drop(tx);
        match self.remove(&claimed).await {
            Ok(()) => self.erase(&claimed).await,
            Err(error) => self.failed(&claimed, &error).await,
        }
    }
}

impl Networks {
    async fn remove(&self, claimed: &Claimed) -> Result<(), EngineError> {
        let key = NetworkKey::new(key_text(claimed.tenant, claimed.id))?;
        self.app.engine.remove_network(&key).await?;
        fault::point("networks.removed");
        Ok(())
    }

    async fn erase(&self, claimed: &Claimed) -> Result<bool, Error> {
        let mut tx = self.app.db.system().await?;
        let is_ours = store::erase(&mut tx, claimed).await?;
        if is_ours {
            events::emit(&mut tx, Some(claimed.tenant), TOPIC, Some(claimed.id.0)).await?;
            tx.commit().await?;
        }
        Ok(is_ours)
    }

    async fn failed(&self, claimed: &Claimed, error: &EngineError) -> Result<bool, Error> {
        tracing::warn!(network = %claimed.id, error = error as &dyn std::error::Error, "a network stays");
        let words = match error {
            EngineError::Unavailable(_) | EngineError::Timeout(_) => "the container engine does not answer",
            EngineError::InUse { .. } => "something is still in it",
            EngineError::Foreign { .. } | EngineError::OtherInstallation { .. } => {
                "its name on the engine belongs to somebody else"
            }
            _ => "the container engine refused",
        };
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        store::put_off(
            &mut tx,
            claimed,
            Some(words),
            now + patience(claimed.failures, LONGEST),
        )
        .await?;
        events::emit(&mut tx, Some(claimed.tenant), TOPIC, Some(claimed.id.0)).await?;
        tx.commit().await?;
        Ok(false)
    }
}
