//! Runs what is due. The database is the queue: a schedule's `next_run` and a run's `wake_at` say when somebody has to look, and
//! each look does one thing and writes it down, so that no process holds a run while it only waits.
//!
//! What must hold:
//! - A time that has come makes at most one run, whichever panels look: it and the next time are written in one transaction.
//! - Two runs of one schedule are never under way at once: an index sees to it. The one that comes too early is skipped and told.
//! - No step is begun twice. The wish of a step that asks others for work is written in the transaction that begins it, so whoever comes next only looks
//!   what became of it. A command is begun after a row that says so; if the panel dies before its end is written, nobody can
//!   know how it ended, and the run is told as interrupted.

mod fire;
mod missed;
mod step;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::reconcile::{Poke, Reconciler, drive, wake};

use super::actions::TOPIC;
use super::store::{self, Claimed};

/// Whoever works on a run says so again well before this is over.
const LEASE: TimeDelta = TimeDelta::seconds(15);

/// Works on schedules.
pub(super) struct Runner {
    app: App,
    scope: SystemScope,
}

impl Runner {
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            scope: SystemScope::new(app.db.clone(), "schedules"),
        }
    }
}

/// Starts the work on schedules in the background of this process.
pub fn begin(app: &App) {
    let poke = Poke::default();
    let runner = Arc::new(Runner::new(app));
    app.tasks.spawn(drive(runner, poke.clone(), app.tasks.clone()));
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Runner {
    type Item = Claimed;
    const KIND: &'static str = "schedule";
    const CONCURRENCY: usize = 16;
    const PERIOD: Duration = Duration::from_secs(1);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        fire::fire(&self.app, &self.scope, limit).await?;
        fire::take_up_lost(&self.app, &self.scope).await?;
        let now = self.app.now();
        let lease = self.app.ids.uuid(now);
        let mut tx = self.scope.begin().await?;
        let claimed = store::claim(&mut tx, lease, (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        // Boxed: it holds a server, a run and its steps.
        Box::pin(step::look(&self.app, &self.scope, claimed)).await
    }
}
