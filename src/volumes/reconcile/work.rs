//! One look at one volume.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::backups;
use crate::certificates;
use crate::drivers::engine::{Outcome, TenantKey, VolumeDriver, VolumeSpec};
use crate::drivers::pool::{Kind as Quota, PoolError, Storage, VolumeName};
use crate::platform::error::Error;
use crate::platform::reconcile::patience;
use crate::platform::{events, fault, operations};
use crate::servers;
use crate::storage::{self, Kind};

use super::super::model::{Step, Volume};
use super::super::store::{self, Claimed};
use super::super::{TOPIC, files};
use super::trouble::Trouble;
use super::{LEASE, volume_key};

/// How often a lease is held on to while something is under way.
const RENEW: Duration = Duration::from_secs(5);
/// What fails is tried again after so long at most.
const LONGEST: TimeDelta = TimeDelta::minutes(1);
const MIB: u64 = 1 << 20;

/// One look at one volume.
pub(super) struct Work<'a> {
    pub(super) app: &'a App,
    pub(super) claimed: &'a Claimed,
}

impl Work<'_> {
    pub(super) fn volume(&self) -> &Volume {
        &self.claimed.volume
    }

    /// Works, and holds on to the lease meanwhile. Once that is lost, another panel does the work.
    pub(super) async fn while_leased(&self) -> Result<bool, Error> {
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

    async fn look(&self) -> Result<bool, Error> {
        let step = self.volume().plan();
        if step.is_some() {
            self.begin().await?;
        }
        let done = match step {
            Some(Step::Make) => self.make().await,
            Some(Step::Resize) => self.resize().await,
            Some(Step::Remove) => match self.remove().await {
                Ok(()) => return self.erase().await,
                Err(trouble) => Err(trouble),
            },
            None => Ok(()),
        };
        match done {
            Ok(()) => self.settle(None).await,
            Err(trouble @ Trouble::TooSmall(_)) => self.settle(Some(&trouble.words())).await,
            Err(Trouble::Filling) => self.wait().await,
            Err(Trouble::Unfilled(reason)) => self.give_up(&reason).await,
            Err(trouble) => self.put_off(&trouble).await,
        }
    }

    async fn begin(&self) -> Result<(), Error> {
        let volume = self.volume();
        let mut tx = self.app.db.system().await?;
        operations::start(&mut tx, volume.id.0, volume.generation, self.app.now()).await?;
        tx.commit().await
    }

    fn storage(&self) -> Result<&Arc<dyn Storage>, Trouble> {
        self.app.storage.as_ref().ok_or(Trouble::NoPool)
    }

    fn size(&self) -> u64 {
        u64::try_from(self.volume().size_mib).unwrap_or_default() * MIB
    }

    /// One that somebody made who died before writing it down may have another size.
    async fn make(&self) -> Result<(), Trouble> {
        let volume = self.volume();
        servers::hold_quota(self.app, volume.tenant).await?;
        let driver = self.app.config.volume_driver();
        let spec = VolumeSpec {
            key: volume_key(volume.id)?,
            tenant: TenantKey::new(volume.tenant.to_string())?,
            server: None,
            driver: match &driver {
                Some(driver) => VolumeDriver::Berth {
                    driver: driver.clone(),
                },
                None => VolumeDriver::Local,
            },
            size_bytes: Some(self.size()),
        };
        let made = self.app.engine.ensure_volume(&spec).await?;
        fault::point("volumes.made");
        let is_pooled = driver.as_ref() == Some(&made.driver);
        let mut is_enforced = false;
        if is_pooled {
            let storage = self.storage()?;
            storage
                .resize(&VolumeName::parse(&made.name)?, self.size())
                .await?;
            is_enforced = storage.kind().await? == Quota::Enforced;
        }
        if volume.is_filling {
            self.fill().await?;
        }
        files::open_up(self.app, volume).await?;
        let mut tx = self.app.db.system().await?;
        store::note_made(&mut tx, self.claimed, &made.name, (is_pooled, is_enforced)).await?;
        Ok(tx.commit().await?)
    }

    /// The size of one outside of a pool is what is said about it.
    async fn resize(&self) -> Result<(), Trouble> {
        let volume = self.volume();
        if let (true, Some(name)) = (volume.is_pooled, &volume.engine_name) {
            let resized = self
                .storage()?
                .resize(&VolumeName::parse(name)?, self.size())
                .await;
            match resized {
                Err(PoolError::TooSmall { used, .. }) => return Err(Trouble::TooSmall(used)),
                other => other?,
            }
            fault::point("volumes.resized");
        }
        let mut tx = self.app.db.system().await?;
        store::note_size(&mut tx, self.claimed).await?;
        Ok(tx.commit().await?)
    }

    /// A container that is yet to be made anew, or a reader, may still have it: then it waits. The rows are asked as well, for one
    /// that is being made with it just now has it before the engine says so.
    async fn remove(&self) -> Result<(), Trouble> {
        let holders = store::holders(&mut self.app.db.system().await?, self.volume().id).await?;
        if !holders.is_empty() {
            return Err(Trouble::Held);
        }
        if backups::is_volume_saved(&mut self.app.db.system().await?, self.volume().id).await? {
            return Err(Trouble::Saved);
        }
        let removed = self
            .app
            .engine
            .remove_volume(&volume_key(self.volume().id)?)
            .await?;
        if removed != Outcome::Gone {
            fault::point("volumes.removed");
        }
        Ok(())
    }

    /// The end: the row goes with its place in the ledger, in the transaction that ends its operations and counts it.
    async fn erase(&self) -> Result<bool, Error> {
        let (volume, now) = (self.volume(), self.app.now());
        let mut tx = self.app.db.system().await?;
        certificates::count_volume(&mut tx, volume.id).await?;
        backups::leave_volume(&mut tx, volume.id, now).await?;
        if !store::erase(&mut tx, self.claimed).await? {
            return Ok(false);
        }
        storage::forget(&mut tx, volume.tenant, Kind::Volume, volume.id.0, now).await?;
        operations::reach(&mut tx, volume.id.0, volume.generation, now).await?;
        events::emit(&mut tx, Some(volume.tenant), TOPIC, Some(volume.id.0)).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// Writes that the wish is reached, which servers may wait for.
    async fn settle(&self, refused: Option<&str>) -> Result<bool, Error> {
        let (volume, now) = (self.volume(), self.app.now());
        let mut tx = self.app.db.system().await?;
        // A size below what it holds by now is not waited for: it keeps the one that it has.
        if refused.is_some() {
            store::refuse_size(&mut tx, self.claimed).await?;
        }
        if !store::settle_work(&mut tx, self.claimed, refused).await? {
            return Ok(false);
        }
        match refused {
            None => operations::reach(&mut tx, volume.id.0, volume.generation, now).await?,
            Some(why) => operations::fail(&mut tx, volume.id.0, volume.generation, why, Some(now)).await?,
        }
        for holder in store::holders(&mut tx, volume.id).await? {
            servers::wake(&mut tx, holder.server, now).await?;
        }
        events::emit(&mut tx, Some(volume.tenant), TOPIC, Some(volume.id.0)).await?;
        tx.commit().await?;
        self.app.poke_servers.poke();
        Ok(true)
    }

    async fn put_off(&self, trouble: &Trouble) -> Result<bool, Error> {
        let volume = self.volume();
        tracing::warn!(volume = %volume.id, error = trouble as &dyn std::error::Error, "a volume waits");
        let (words, until) = (
            trouble.words(),
            self.app.now() + patience(self.claimed.failures, LONGEST),
        );
        let mut tx = self.app.db.system().await?;
        store::put_off(&mut tx, self.claimed, &words, until).await?;
        operations::fail(&mut tx, volume.id.0, volume.generation, &words, None).await?;
        events::emit(&mut tx, Some(volume.tenant), TOPIC, Some(volume.id.0)).await?;
        tx.commit().await?;
        Ok(false)
    }
}
