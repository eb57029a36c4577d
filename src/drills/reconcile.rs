//! Works on drills, one at a time, and asks for the night's.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::DrillId;
use crate::platform::reconcile::{Poke, Reconciler, drive, wake};

use super::TOPIC;
use super::model::{choose, night};
use super::store::{self, Claimed};
use super::work;

/// Whoever works on one says so again well before this is over.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// How often it is looked whether a night has begun.
const NIGHTLY: Duration = Duration::from_mins(1);

/// Works on drills.
pub struct Drills {
    app: App,
}

impl Drills {
    /// The reconciler of all drills.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }

    /// Asks for the drills of the night that it is, if it is one. Says how many. Harmless twice: who had one this night has none.
    pub async fn plan(&self) -> Result<usize, Error> {
        let (app, now) = (&self.app, self.app.now());
        let mut tx = app.db.system().await?;
        let setting = store::setting(&mut tx).await?.setting;
        let Some(begun) = night(setting, now) else {
            return Ok(0);
        };
        let mut asked = 0;
        for tenant in store::tenants(&mut tx, begun).await? {
            let candidates = store::candidates(&mut tx, tenant).await?;
            let Some(next) = choose(&candidates, now) else {
                continue;
            };
            let id = DrillId::new(&*app.ids, now);
            if store::add(&mut tx, (id, tenant), next, (None, now)).await? {
                events::emit(&mut tx, Some(tenant), TOPIC, Some(next.server.0)).await?;
                asked += 1;
            }
        }
        tx.commit().await?;
        Ok(asked)
    }
}

/// Starts the work in the background of this process.
pub fn begin(app: &App) {
    let poke = Poke::default();
    let drills = Arc::new(Drills::new(app));
    app.tasks
        .spawn(drive(Arc::clone(&drills), poke.clone(), app.tasks.clone()));
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke, app.tasks.clone()));
    app.tasks.spawn(async move {
        loop {
            if let Err(error) = drills.plan().await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the night's drills could not be planned"
                );
            }
            tokio::select! {
                () = drills.app.tasks.stopping() => return,
                () = tokio::time::sleep(NIGHTLY) => {}
            }
        }
    });
}

#[async_trait::async_trait]
impl Reconciler for Drills {
    type Item = Claimed;
    const KIND: &'static str = "drill";
    const CONCURRENCY: usize = 1;
    const PERIOD: Duration = Duration::from_secs(2);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        if limit == 0 {
            return Ok(Vec::new());
        }
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, self.app.ids.uuid(now), (now, now + LEASE)).await?;
        tx.commit().await?;
        Ok(claimed.into_iter().collect())
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        Box::pin(work::one(&self.app, &claimed)).await
    }
}
