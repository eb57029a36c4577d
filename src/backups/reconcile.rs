//! Works in repositories: one thing at a time in each, under a lease that is renewed while the work goes on.
//!
//! Harmless when repeated: what was under way when a panel died still says so in its row, and is begun anew by whoever gets the
//! lease. The helper of the dead one has ended with it, and if not it is ended by the next one's.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience, wake};

use super::TOPIC;
use super::store::{self, Claimed, Ended};
use super::work::{self, Outcome};

/// Whoever works in a repository says so again well before this is over.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// What fails is tried again after so long at most.
const LONGEST: TimeDelta = TimeDelta::minutes(5);

/// Nobody waits for a check, and one may take its time: so many places are kept for what somebody waits for.
const NOT_FOR_CHECKS: i64 = 2;

/// Works in repositories.
pub struct Backups {
    app: App,
}

impl Backups {
    /// The reconciler of all repositories.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

/// Starts the work in the background of this process.
pub fn begin(app: &App) {
    let poke = Poke::default();
    let backups = Arc::new(Backups::new(app));
    app.tasks.spawn(drive(backups, poke.clone(), app.tasks.clone()));
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Backups {
    type Item = Claimed;
    const KIND: &'static str = "backup";
    const CONCURRENCY: usize = 4;
    const PERIOD: Duration = Duration::from_secs(1);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let now = self.app.now();
        let (lease, until) = (self.app.ids.uuid(now), now + LEASE);
        let mut tx = self.app.db.system().await?;
        let mut claimed = store::claim(&mut tx, lease, (now, until), limit).await?;
        let taken = i64::try_from(claimed.len()).unwrap_or(limit);
        let room = limit - taken - NOT_FOR_CHECKS;
        if room > 0 {
            claimed.extend(store::claim_checks(&mut tx, lease, (now, until), room).await?);
        }
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        let outcome = Box::pin(work::one(&self.app, &claimed)).await;
        let now = self.app.now();
        let again = Some(now + patience(claimed.failures, LONGEST));
        let (how, until) = match &outcome {
            Ok(Outcome::Idle) => (Ended::Well, None),
            Ok(Outcome::Done) => (Ended::Well, Some(now)),
            Ok(Outcome::Lost) => return Ok(false),
            Ok(Outcome::CutOff) => (Ended::CutOff, again),
            Ok(Outcome::CheckCutOff) => (Ended::CheckCutOff, again),
            Ok(Outcome::Waits) | Err(_) => (Ended::Waits, again),
        };
        let mut tx = self.app.db.system().await?;
        store::release(&mut tx, &claimed, how, until).await?;
        tx.commit().await?;
        outcome.map(|outcome| matches!(outcome, Outcome::Idle))
    }
}
