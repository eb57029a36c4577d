//! The work on snapshots: taking them, removing them, and restoring servers to them.
//!
//! Each look at a row finishes it or puts it off; each effect may be repeated, so a panel that dies anywhere is followed by one
//! that does it again. A restoring goes in this order, and what a crash leaves is never between two states of data: the server
//! holds still and stops; what it holds is kept by the safety snapshot, and that is noted; only then the contents are replaced,
//! all volumes anew if it was cut off; then the server goes on.

mod restore;
mod trouble;

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::pool::{PoolError, SnapshotName, Storage, VolumeName};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::OperationId;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience, wake};
use crate::platform::{events, fault, operations};
use crate::servers;
use crate::servers::model::Server;

use super::TOPIC;
use super::model::{Snapshot, State};
use super::store::{self, Claimed};
use super::views::{self, Viewed};
pub(super) use trouble::Trouble;

/// Whoever does not renew it for so long has died.
const LEASE: TimeDelta = TimeDelta::seconds(15);
/// How often that is done while something is under way.
const RENEW: Duration = Duration::from_secs(5);
/// How soon to look again whether a server has stopped.
const WAIT: TimeDelta = TimeDelta::seconds(1);
/// What fails is tried again after so long at most.
const LONGEST: TimeDelta = TimeDelta::minutes(1);

/// The reconciler of snapshots.
#[derive(Debug, Clone)]
pub struct Snapshots {
    app: App,
}

impl Snapshots {
    /// The reconciler of all snapshots.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

/// Starts the work on snapshots in the background of this process, woken by what is asked for.
pub fn begin(app: &App) {
    let snapshots = Arc::new(Snapshots::new(app));
    let poke = Poke::default();
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(snapshots, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Snapshots {
    type Item = Claimed;
    const KIND: &'static str = "snapshot";
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
        let server = servers::find(&mut self.app.db.system().await?, claimed.snapshot.server).await?;
        let work = Work {
            app: &self.app,
            server,
            claimed: &claimed,
        };
        work.while_leased().await
    }
}

/// One look at one snapshot.
struct Work<'a> {
    app: &'a App,
    server: Server,
    claimed: &'a Claimed,
}

impl Work<'_> {
    fn snapshot(&self) -> &Snapshot {
        &self.claimed.snapshot
    }

    fn storage(&self) -> Result<&Arc<dyn Storage>, Trouble> {
        self.app.storage.as_ref().ok_or(Trouble::NoPool)
    }

    /// The server's volumes, by their names in the pool.
    async fn volumes(&self) -> Result<Vec<VolumeName>, Trouble> {
        let names = store::volumes(&mut self.app.db.system().await?, self.server.id).await?;
        let names: Result<_, PoolError> = names.iter().map(|name| VolumeName::parse(name)).collect();
        Ok(names?)
    }

    /// Takes a snapshot of each volume. One that was taken before is that.
    async fn take(&self, id: &str) -> Result<(), Trouble> {
        let (storage, name) = (self.storage()?, SnapshotName::parse(id)?);
        for volume in self.volumes().await? {
            match storage.snapshot(&volume, &name).await {
                Err(error) if error.code() == "exists" => {}
                other => other?,
            }
            fault::point("snapshots.taken");
        }
        Ok(())
    }

    async fn drop_all(&self, id: &str) -> Result<(), Trouble> {
        let (storage, name) = (self.storage()?, SnapshotName::parse(id)?);
        for volume in self.volumes().await? {
            match storage.remove_snapshot(&volume, &name).await {
                Err(error) if error.code() == "missing" => {}
                other => other?,
            }
            fault::point("snapshots.dropped");
        }
        Ok(())
    }

    async fn look(&self) -> Result<bool, Error> {
        match self.snapshot().state {
            State::Making => self.make().await,
            State::Restoring => self.restore().await,
            State::Removing => self.remove().await,
            state @ (State::Ready | State::Failed) => self.settle((state, None), Ok(())).await,
        }
    }

    /// Works, and holds on to the lease meanwhile. Once that is lost, another panel does the work.
    async fn while_leased(&self) -> Result<bool, Error> {
        let mut look = std::pin::pin!(self.look());
        loop {
            tokio::select! {
                done = &mut look => return done,
                () = tokio::time::sleep(RENEW) => {}
            }
            match self.renew().await {
                Ok(true) => {}
                Ok(false) => return Ok(false),
                // The database is away for a moment, perhaps; the lease tells how long that may be.
                Err(error) => tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a lease was not renewed"
                ),
            }
        }
    }

    async fn renew(&self) -> Result<bool, Error> {
        let mut tx = self.app.db.system().await?;
        let is_ours = store::renew(&mut tx, self.claimed, self.app.now() + LEASE).await?;
        tx.commit().await?;
        Ok(is_ours)
    }

    async fn make(&self) -> Result<bool, Error> {
        let id = self.snapshot().id.to_string();
        match self.take(&id).await {
            Ok(()) => self.settle((State::Ready, None), Ok(())).await,
            Err(trouble) if trouble.passes() => self.put_off(&trouble).await,
            Err(trouble) => {
                tracing::warn!(snapshot = %id, error = &trouble as &dyn std::error::Error, "a snapshot was not taken");
                // Of no volume, if not of all.
                if let Err(left) = self.drop_all(&id).await {
                    tracing::warn!(snapshot = %id, error = &left as &dyn std::error::Error, "parts of it are left");
                }
                let words = trouble.words();
                self.settle((State::Failed, Some(&words)), Err(&words)).await
            }
        }
    }

    async fn remove(&self) -> Result<bool, Error> {
        match self.try_remove().await {
            Ok(()) => {
                let mut tx = self.app.db.system().await?;
                let is_ours = store::erase(&mut tx, self.claimed).await?;
                events::emit(&mut tx, Some(self.server.tenant), TOPIC, Some(self.server.id.0)).await?;
                tx.commit().await?;
                Ok(is_ours)
            }
            Err(trouble) => self.put_off(&trouble).await,
        }
    }

    async fn try_remove(&self) -> Result<(), Trouble> {
        if store::is_read(&mut self.app.db.system().await?, self.snapshot().id).await? {
            return Err(Trouble::Read);
        }
        let viewed = Viewed {
            server: &self.server,
            snapshot: self.snapshot().id,
        };
        views::remove(self.app, viewed).await?;
        self.drop_all(&self.snapshot().id.to_string()).await
    }

    /// Writes how it ended.
    async fn settle(&self, end: (State, Option<&str>), outcome: Result<(), &str>) -> Result<bool, Error> {
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        if !store::settle(&mut tx, self.claimed, end, now).await? {
            return Ok(false);
        }
        if let Some(operation) = self.claimed.operation {
            self.report(&mut tx, operation).await?;
        }
        if let Some(keep) = self.claimed.keep {
            let those = (self.server.id, self.snapshot().schedule);
            store::prune_failed(&mut tx, those, now).await?;
            if outcome.is_ok() {
                store::prune(&mut tx, those, keep, now).await?;
            }
        }
        events::emit(&mut tx, Some(self.server.tenant), TOPIC, Some(self.server.id.0)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Ends the work that somebody watches, if all that report to it are over.
    async fn report(&self, tx: &mut SystemTx, operation: OperationId) -> Result<(), Error> {
        // Two that end at the same time would each see the other one under way.
        operations::hold(tx, operation).await?;
        let (open, failed) = store::reported(tx, operation).await?;
        if open > 0 {
            return Ok(());
        }
        let words = failed.join("; ");
        let outcome = if failed.is_empty() {
            Ok(())
        } else {
            Err(words.as_str())
        };
        operations::finish(tx, operation, outcome, self.app.now()).await
    }

    async fn put_off(&self, trouble: &Trouble) -> Result<bool, Error> {
        let waits = matches!(trouble, Trouble::Waits);
        let (until, words) = if waits {
            (self.app.now() + WAIT, None)
        } else {
            tracing::warn!(snapshot = %self.snapshot().id, error = trouble as &dyn std::error::Error, "a snapshot waits");
            (
                self.app.now() + patience(self.claimed.failures, LONGEST),
                Some(trouble.words()),
            )
        };
        let mut tx = self.app.db.system().await?;
        store::put_off(&mut tx, self.claimed, words.as_deref(), until).await?;
        if words.is_some() {
            events::emit(&mut tx, Some(self.server.tenant), TOPIC, Some(self.server.id.0)).await?;
        }
        tx.commit().await?;
        Ok(false)
    }
}
