//! What others do beside backups: a drill works in a repository for a while, which must not be pruned meanwhile, and snapshots restore
//! servers that a restore from a backup waits for.

use crate::app::App;
use crate::drivers::backup::{BackupResult, Place, Restic};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupRepositoryId, ServerId, TenantId};

use super::TOPIC;
use super::reconcile::LEASE;
use super::store::{self, Claimed, Ended};
use super::work;

/// Tells that nobody else replaces what a server has any more, as part of what ends that: whoever waits to restore it goes on.
pub async fn wake(app: &App, tx: &mut SystemTx, (server, tenant): (ServerId, TenantId)) -> Result<(), Error> {
    if store::wake(tx, server, app.now()).await? {
        events::emit(tx, Some(tenant), TOPIC, Some(server.0)).await?;
    }
    Ok(())
}

/// A repository under a lease.
#[derive(Debug)]
pub struct Held(Claimed);

/// Takes a repository's lease; nothing if somebody has it.
pub async fn hold(app: &App, id: BackupRepositoryId) -> Result<Option<Held>, Error> {
    let now = app.now();
    let mut tx = app.db.system().await?;
    let lease = app.ids.uuid(now);
    let is_ours = store::claim_one(&mut tx, id, lease, (now, now + LEASE)).await?;
    tx.commit().await?;
    let held = Claimed {
        id,
        lease,
        failures: 0,
        cut_offs: 0,
        check_cut_offs: 0,
        is_check: false,
    };
    Ok(is_ours.then_some(Held(held)))
}

impl Held {
    /// Keeps the lease. Says whether we still have it.
    pub async fn renew(&self, app: &App) -> Result<bool, Error> {
        let mut tx = app.db.system().await?;
        let is_ours = store::renew(&mut tx, &self.0, app.now() + LEASE).await?;
        tx.commit().await?;
        Ok(is_ours)
    }

    /// Gives it back. Whatever is to be done in the repository is due at once.
    pub async fn release(self, app: &App) -> Result<(), Error> {
        let mut tx = app.db.system().await?;
        store::release(&mut tx, &self.0, Ended::Well, Some(app.now())).await?;
        tx.commit().await
    }

    /// The repository, opened; `call` is what its helper is called by. Inside: why it may not be spoken to.
    pub async fn open(&self, app: &App, call: String) -> Result<BackupResult<(Restic, Place)>, Error> {
        let opener = store::opener(&mut app.db.system().await?, self.0.id).await?;
        let place = work::place(app, &opener, call)?;
        let reached = work::reach(app, &place, opener.allow_inside).await;
        Ok(reached.map(|()| (work::restic(app), place)))
    }
}
