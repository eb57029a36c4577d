//! One drill: restore, start, watch, remove, write.
//!
//! Harmless when repeated: every attempt begins by removing what an earlier one left, and ends by removing what it made. Only what
//! the backup or the restored server is to blame for is a failure; what the engine is to blame for is tried again.

use std::time::Duration;

use chrono::TimeDelta;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::backups::{self, Held};
use crate::catalogue::{self, BuildError};
use crate::drivers::backup::{BackupError, SavedVolume};
use crate::drivers::engine::{
    EngineError, EngineResult, NetworkKey, NetworkSpec, ServerKey, TenantKey, VolumeDriver, VolumeSpec,
};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::fault;
use crate::servers::{self, ThrowAway, model::Server};

use super::TOPIC;
use super::model::{Verdict, Watched, longest, verdict};
use super::reconcile::LEASE;
use super::store::{self, Claimed};

mod outcome;

use outcome::End;

/// How often leases are renewed.
const RENEW: Duration = Duration::from_secs(5);
/// How often the throw-away server is looked at.
const LOOK: Duration = Duration::from_millis(500);
/// What could not be done now is tried again after so long.
const AGAIN: TimeDelta = TimeDelta::seconds(20);
/// One that was begun so often and never came to an end has failed.
const ATTEMPTS: i32 = 5;

/// The repository's lease is somebody else's.
const BUSY: Trouble = Trouble::Busy("somebody works in the repository");

/// What keeps a drill from its end.
#[derive(Debug)]
enum Trouble {
    /// Somebody else works in the repository, or the engine does not answer; it is tried again, and that was no attempt.
    Busy(&'static str),
    /// The engine or the panel is to blame; it is tried again.
    Waits(String),
    /// The lease is somebody else's.
    Lost,
    /// The backup cannot be restored, or what was restored does not work.
    Failed(String),
    /// There is nothing to restore, or nothing to restore it for, any more: that says nothing about backups.
    Moot(&'static str),
    /// Ours.
    Ours(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<EngineError> for Trouble {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Unavailable(_) | EngineError::Timeout(_) => Self::Busy("the engine does not answer"),
            error => Self::Waits(format!("the container engine refused: {error}")),
        }
    }
}

impl From<BackupError> for Trouble {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::CutOff => Self::Waits("restoring was cut off".to_owned()),
            BackupError::Engine(error) => error.into(),
            error => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a drill could not restore"
                );
                Self::Failed(format!(
                    "the backup could not be restored: {}",
                    error.for_tenants()
                ))
            }
        }
    }
}

impl From<BuildError> for Trouble {
    fn from(error: BuildError) -> Self {
        match error {
            BuildError::Engine(error) => error.into(),
            error => Self::Failed(format!("there is no image to start it from: {error}")),
        }
    }
}

/// What a drill has on the engine.
struct Place<'a> {
    app: &'a App,
    claimed: &'a Claimed,
    key: ServerKey,
    network: NetworkKey,
    tenant: TenantKey,
}

/// Works on one. Says whether it is over.
pub(super) async fn one(app: &App, claimed: &Claimed) -> Result<bool, Error> {
    let place = Place::of(app, claimed).map_err(Error::internal)?;
    let done = place.lasting(Box::pin(place.attempt())).await;
    let outcome = match done {
        Err(Trouble::Lost) => return Ok(false),
        Err(Trouble::Waits(reason)) if claimed.drill.attempts >= ATTEMPTS => Err(Trouble::Failed(reason)),
        other => other,
    };
    // Whatever came of it, nothing may be left.
    let cleared = place.lasting(async { Ok(place.clear().await?) }).await;
    match cleared {
        Ok(()) => {}
        Err(Trouble::Lost) => return Ok(false),
        Err(error) => return outcome::put_off(app, claimed, false, &format!("{error:?}")).await,
    }
    fault::point("drills.cleared");
    match outcome {
        Ok(bytes) => outcome::end(app, claimed, End::Proven(bytes)).await,
        Err(Trouble::Failed(reason)) => outcome::end(app, claimed, End::Failed(&reason)).await,
        Err(Trouble::Moot(reason)) => outcome::end(app, claimed, End::Moot(reason)).await,
        Err(Trouble::Busy(reason)) => outcome::put_off(app, claimed, false, reason).await,
        Err(Trouble::Waits(reason)) => outcome::put_off(app, claimed, true, &reason).await,
        Err(Trouble::Lost) => Ok(false),
        Err(Trouble::Ours(error)) => {
            outcome::put_off(app, claimed, true, "an error of ours").await?;
            Err(error)
        }
    }
}

impl<'a> Place<'a> {
    fn of(app: &'a App, claimed: &'a Claimed) -> EngineResult<Self> {
        let key = claimed.drill.id.to_string();
        Ok(Self {
            app,
            claimed,
            network: NetworkKey::new(key.as_str())?,
            tenant: TenantKey::new(claimed.drill.tenant.to_string())?,
            key: ServerKey::new(key)?,
        })
    }

    /// Does something while the drill's lease is kept. Who loses it drops what was begun.
    async fn lasting<T>(&self, work: impl Future<Output = Result<T, Trouble>>) -> Result<T, Trouble> {
        tokio::pin!(work);
        let mut time = tokio::time::interval(RENEW);
        time.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                done = &mut work => return done,
                _ = time.tick() => {
                    let mut tx = self.app.db.system().await?;
                    let is_ours = store::renew(&mut tx, self.claimed, self.app.now() + LEASE).await?;
                    tx.commit().await?;
                    if !is_ours {
                        return Err(Trouble::Lost);
                    }
                }
            }
        }
    }

    async fn step(&self, step: &str) -> Result<(), Trouble> {
        let mut tx = self.app.db.system().await?;
        store::note(&mut tx, self.claimed, step).await?;
        let drill = &self.claimed.drill;
        events::emit(
            &mut tx,
            Some(drill.tenant),
            TOPIC,
            drill.server.map(|server| server.0),
        )
        .await?;
        tx.commit().await?;
        Ok(())
    }

    /// From nothing to a verdict; what was restored, in bytes.
    async fn attempt(&self) -> Result<i64, Trouble> {
        self.clear().await?;
        fault::point("drills.begun");
        let (server, made) = self.prepare().await?;
        catalogue::ensure_image(self.app, &server.template, &server.image).await?;
        let bytes = self.restore(&made).await?;
        fault::point("drills.restored");
        self.start(&made).await?;
        fault::point("drills.started");
        self.watch(&made).await?;
        fault::point("drills.judged");
        Ok(bytes)
    }

    /// What the throw-away server is to be.
    async fn prepare(&self) -> Result<(Server, ThrowAway), Trouble> {
        let gone = || Trouble::Moot("the server is gone");
        let id = self.claimed.drill.server.ok_or_else(gone)?;
        let mut tx = self.app.db.system().await?;
        let server = match servers::find(&mut tx, id).await {
            Err(Error::NotFound) => return Err(gone()),
            other => other?,
        };
        if server.is_deleted() || server.tenant != self.claimed.drill.tenant {
            return Err(gone());
        }
        let made = servers::throw_away(self.app, &mut tx, (&server, &self.key)).await?;
        made.map(|made| (server, made)).map_err(Trouble::Failed)
    }

    /// Restores the backup into fresh volumes of the engine's own: the tenant's quota is its own affair.
    async fn restore(&self, made: &ThrowAway) -> Result<i64, Trouble> {
        let gone = || Trouble::Moot("the backup was deleted meanwhile");
        let backup = self.claimed.drill.backup.ok_or_else(gone)?;
        let found = store::repository(&mut self.app.db.system().await?, backup).await?;
        let (repository, snapshot, bytes) = found.ok_or_else(gone)?;
        let held = backups::hold(self.app, repository).await?.ok_or(BUSY)?;
        self.step("restoring").await?;
        let done = self.fill(made, &held, &snapshot).await;
        held.release(self.app).await?;
        done?;
        Ok(bytes)
    }

    async fn fill(&self, made: &ThrowAway, held: &Held, snapshot: &str) -> Result<(), Trouble> {
        for (_, key) in &made.volumes {
            let spec = VolumeSpec {
                key: key.clone(),
                tenant: self.tenant.clone(),
                server: Some(self.key.clone()),
                driver: VolumeDriver::Local,
                size_bytes: None,
            };
            self.app.engine.ensure_volume(&spec).await?;
        }
        fault::point("drills.volumes");
        let (restic, place) = held.open(self.app, self.key.to_string()).await??;
        let volumes: Vec<SavedVolume> = made
            .volumes
            .iter()
            .map(|(name, key)| SavedVolume {
                name: name.clone(),
                key: key.clone(),
            })
            .collect();
        let restored = restic.restore_over(&place, snapshot, (Some(&self.key), &volumes));
        tokio::pin!(restored);
        let mut time = tokio::time::interval(RENEW);
        time.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                done = &mut restored => return Ok(done?),
                _ = time.tick() => if !held.renew(self.app).await? {
                    return Err(BUSY);
                },
            }
        }
    }

    async fn start(&self, made: &ThrowAway) -> Result<(), Trouble> {
        self.step("starting").await?;
        servers::guarded(self.app).await?;
        let network = NetworkSpec {
            key: self.network.clone(),
            tenant: self.tenant.clone(),
            internal: true,
            subnet: None,
        };
        let engine = &self.app.engine;
        engine.ensure_network(&network).await?;
        engine.ensure(&made.container).await?;
        fault::point("drills.made");
        engine.start(&self.key).await?;
        Ok(())
    }

    /// Looks until it is known whether it works.
    async fn watch(&self, made: &ThrowAway) -> Result<(), Trouble> {
        self.step("waiting for its check").await?;
        let check = made.container.health.as_ref();
        let begun = tokio::time::Instant::now();
        let mut time = tokio::time::interval(LOOK);
        time.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            time.tick().await;
            let observed = self.app.engine.observe(&self.key).await?;
            let watched = Watched {
                observed: &observed,
                check,
                running_for: begun.elapsed(),
            };
            match verdict(watched) {
                Verdict::Works => return Ok(()),
                Verdict::Fails(reason) => return Err(Trouble::Failed(reason)),
                Verdict::Wait if begun.elapsed() > longest(check) * 2 => {
                    return Err(Trouble::Failed(
                        "nothing is known of the restored server".to_owned(),
                    ));
                }
                Verdict::Wait => {}
            }
        }
    }

    /// Removes all that there is of it, whoever made it.
    async fn clear(&self) -> EngineResult<()> {
        let engine = &self.app.engine;
        engine.end_task(&self.key).await?;
        engine.remove(&self.key).await?;
        engine.remove_network(&self.network).await?;
        let all = engine.list_volumes().await?;
        for volume in all
            .iter()
            .filter(|volume| volume.server.as_ref() == Some(&self.key))
        {
            engine.remove_volume(&volume.key).await?;
        }
        Ok(())
    }
}
