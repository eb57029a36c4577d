//! One thing in a repository: a backup made or removed, something got back, or the repository checked.
//!
//! Only an engine that does not answer, and a helper that was cut off, are tried again; any other trouble is the end of
//! the wish, told where people see it.

mod check;
mod make;
mod of_volume;
mod still;
mod whole;

use std::time::Duration;

use serde_json::json;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::catalogue::Offer;
use crate::drivers::backup::{Address, BackupError, BackupResult, Place, Restic, SavedVolume};
use crate::drivers::engine::{EngineError, ServerKey, TenantKey, VolumeDriver, VolumeSpec};
use crate::files::Locks;
use crate::platform::access::Who;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::servers::{self, model::Server};

use super::TOPIC;
use super::actions::key_context;
use super::inside;
use super::ledger::count;
use super::locks;
use super::model::{Backup, Of, Restore};
use super::reconcile::LEASE;
use super::store::{self, Claimed, Job};
use super::target;

/// How often progress is written and the lease renewed.
const NOTE: Duration = Duration::from_secs(2);

/// A thing that was cut off so often before, and is again, is given up.
const CUT_OFF: i32 = 5;

/// Why it is given up then.
const AGAIN: &str = "it was cut off again and again";

/// So many of a schedule's backups that failed are kept to be read.
const FAILURES_KEPT: i64 = 3;

/// What came of a look.
pub(super) enum Outcome {
    /// There was nothing to do.
    Idle,
    /// Something was done; there may be more.
    Done,
    /// It has to be tried again.
    Waits,
    /// The helper was cut off, and it has to be tried again.
    CutOff,
    /// The same of a check's.
    CheckCutOff,
    /// Somebody else has the lease.
    Lost,
}

/// What keeps a thing from being done.
enum Trouble {
    /// It is tried again.
    Waits,
    /// The helper ended in the middle. It is tried again, but not for ever: its memory may not be enough.
    CutOff,
    /// The lease is somebody else's.
    Lost,
    /// It will not be done, for this reason.
    Failed(String),
    /// As failed, and a server has half of what it had and half of what it should have.
    HalfWay(String),
    /// Ours.
    Ours(Error),
}

impl From<Error> for Trouble {
    fn from(error: Error) -> Self {
        Self::Ours(error)
    }
}

impl From<BackupError> for Trouble {
    fn from(error: BackupError) -> Self {
        match error {
            BackupError::CutOff => Self::CutOff,
            BackupError::Engine(EngineError::Unavailable(_) | EngineError::Timeout(_)) => Self::Waits,
            BackupError::Engine(EngineError::VolumeMissing { .. }) => {
                Self::Failed("the engine has no data of it".to_owned())
            }
            BackupError::Engine(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a backup's helper did not come up"
                );
                Self::Failed("the container engine refused".to_owned())
            }
            error => {
                // With restic's own words, which are not for the tenant's eyes.
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "work in a repository failed"
                );
                Self::Failed(error.for_tenants())
            }
        }
    }
}

/// The repository's next thing.
pub(super) async fn one(app: &App, claimed: &Claimed) -> Result<Outcome, Error> {
    let Some(job) = check::next(app, claimed).await? else {
        return Ok(Outcome::Idle);
    };
    let restic = restic(app);
    let opener = store::opener(&mut app.db.system().await?, claimed.id).await?;
    let place = place(app, &opener, claimed.id.to_string())?;
    let work = Box::pin(async {
        reach(app, &place, opener.allow_inside).await?;
        match &job {
            Job::Make(backup) => make::make(app, &restic, &place, backup).await,
            Job::Remove(backups) => remove(&restic, &place, backups).await,
            Job::GetBack(backup, restore) => get_back(app, &restic, &place, (backup, restore)).await,
            Job::Fill(backup, fill) => of_volume::fill(app, &restic, &place, (backup, fill)).await,
            Job::Whole(backup, one) => {
                let job = (backup, one, claimed.cut_offs);
                whole::restore(app, &restic, &place, job).await
            }
            Job::Check => check::check(app, &restic, &place, claimed.id).await,
        }
    });
    let done = lasting(app, claimed, work).await;
    let mut is_half_way = false;
    let failure = match done {
        Ok(()) => None,
        Err(Trouble::CutOff) if check::cut_offs(claimed, &job) >= whole::patience(&job) => {
            is_half_way = whole::is_half_way(&job);
            Some(AGAIN.to_owned())
        }
        Err(Trouble::CutOff) if matches!(job, Job::Check) => return Ok(Outcome::CheckCutOff),
        Err(Trouble::CutOff) => return Ok(Outcome::CutOff),
        Err(Trouble::Waits) => return Ok(Outcome::Waits),
        Err(Trouble::Lost) => return Ok(Outcome::Lost),
        Err(Trouble::Ours(error)) => return Err(error),
        Err(Trouble::Failed(reason)) => Some(reason),
        Err(Trouble::HalfWay(reason)) => {
            is_half_way = true;
            Some(reason)
        }
    };
    end(app, claimed, &job, (failure.as_deref(), is_half_way)).await?;
    Ok(Outcome::Done)
}

/// restic on this panel's engine.
pub(super) fn restic(app: &App) -> Restic {
    Restic::new(app.engine.clone(), app.config.base_image.clone())
}

/// A repository, opened; `call` is what its helper is called by.
pub(super) fn place(app: &App, opener: &store::Opener, call: String) -> Result<Place, Error> {
    let key = app.keyring.open(&key_context(opener.id), &opener.key);
    let sealed = (opener.target, opener.address.as_deref());
    Ok(Place {
        call: ServerKey::new(call).map_err(Error::internal)?,
        tenant: TenantKey::new(opener.tenant.to_string()).map_err(Error::internal)?,
        address: target::address(&app.keyring, sealed, opener.tenant)?,
        password: String::from_utf8_lossy(&key.map_err(Error::internal)?).into_owned(),
    })
}

/// Does something while the lease is kept. Who loses it drops what was begun, which ends it.
async fn lasting(
    app: &App,
    claimed: &Claimed,
    work: impl Future<Output = Result<(), Trouble>>,
) -> Result<(), Trouble> {
    tokio::pin!(work);
    let mut time = tokio::time::interval(NOTE);
    time.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = time.tick() => {
                let mut tx = app.db.system().await?;
                let is_ours = store::renew(&mut tx, claimed, app.now() + LEASE).await?;
                tx.commit().await?;
                if !is_ours {
                    return Err(Trouble::Lost);
                }
            }
        }
    }
}

/// Sees that a repository may be spoken to: makes the volume of one that is in one, and looks where the host of another is now.
pub(super) async fn reach(app: &App, place: &Place, allow_inside: bool) -> BackupResult<()> {
    if !allow_inside {
        inside::check(&place.address).await?;
    }
    if let Address::Volume(key) = &place.address {
        let spec = VolumeSpec {
            key: key.clone(),
            tenant: place.tenant.clone(),
            server: None,
            driver: VolumeDriver::Local,
            size_bytes: None,
        };
        app.engine.ensure_volume(&spec).await?;
    }
    Ok(())
}

/// The volumes of a server, as they are.
async fn volumes(
    app: &App,
    tx: &mut SystemTx,
    server: &Server,
) -> Result<(Offer, Vec<SavedVolume>), Trouble> {
    let offer = crate::eggs::warm(app, tx, &server.template).await?;
    let offer =
        offer.ok_or_else(|| Trouble::Failed("its template is no longer in the catalogue".to_owned()))?;
    let saved = |volume: &crate::catalogue::Volume| {
        Ok(SavedVolume {
            name: volume.name.clone(),
            key: servers::volume_key(server, &volume.name).map_err(BackupError::Engine)?,
        })
    };
    let volumes: Result<_, Trouble> = offer.template.volumes.iter().map(saved).collect();
    Ok((offer, volumes?))
}

async fn found(tx: &mut SystemTx, id: Option<ServerId>) -> Result<Server, Trouble> {
    let gone = || Trouble::Failed("the server is gone".to_owned());
    let server = servers::find(tx, id.ok_or_else(gone)?).await;
    server.map_err(|error| match error {
        Error::NotFound => gone(),
        error => error.into(),
    })
}

async fn remove(restic: &Restic, place: &Place, backups: &[Backup]) -> Result<(), Trouble> {
    let mut snapshots = Vec::new();
    for backup in backups {
        // By its tag and not by its row: one that failed may have left something too.
        snapshots.extend(restic.open(place, &backup.id.to_string()).await?);
    }
    restic.forget(place, &snapshots).await?;
    Ok(())
}

async fn get_back(
    app: &App,
    restic: &Restic,
    place: &Place,
    (backup, restore): (&Backup, &Restore),
) -> Result<(), Trouble> {
    let server = match restore.into {
        Some(Of::Volume(volume)) => {
            return of_volume::get_back(app, restic, place, (backup, restore, volume)).await;
        }
        other => other.and_then(Of::server),
    };
    let mut tx = app.db.system().await?;
    let server = found(&mut tx, server).await?;
    let (offer, volumes) = volumes(app, &mut tx, &server).await?;
    drop(tx);
    let locks = Locks::of(Some(&offer));
    let volume = volumes.iter().find(|volume| volume.name == restore.what.volume());
    let volume =
        volume.ok_or_else(|| Trouble::Failed("the server has no such volume any more".to_owned()))?;
    let snapshot = backup.snapshot.as_deref().unwrap_or_default();
    if locks::closes_folder(&locks, restic, (place, snapshot), &restore.what).await? {
        return Err(Trouble::Failed(locks::NO_FOLDERS.to_owned()));
    }
    let owner = ServerKey::new(server.home().to_string()).map_err(BackupError::Engine)?;
    let what = (&restore.what, restore.name.as_str());
    restic
        .restore_beside(place, snapshot, (Some(&owner), volume), what)
        .await?;
    Ok(())
}

async fn emit(tx: &mut SystemTx, backup: &Backup) -> Result<(), Error> {
    events::emit(tx, Some(backup.tenant), TOPIC, backup.of().map(Of::uuid)).await
}

/// Writes how it ended; a backup that is whole was written where its size was known.
async fn end(
    app: &App,
    claimed: &Claimed,
    job: &Job,
    (failure, is_half_way): (Option<&str>, bool),
) -> Result<(), Error> {
    let mut tx = app.db.system().await?;
    let now = app.now();
    match (job, failure) {
        (Job::Make(backup), None) => {
            // Here and not where its size was known: the work may lock nothing that the lease's renewal writes.
            store::expect_check(&mut tx, backup.repository, now + check::EVERY).await?;
            emit(&mut tx, backup).await?;
        }
        (Job::Make(backup), Some(reason)) => {
            tracing::warn!(backup = %backup.id, tenant = %backup.tenant, reason, "a backup failed");
            store::fail(&mut tx, backup.id, reason, now).await?;
            make::ended(app, &mut tx, backup, failure).await?;
            audit_failure(app, &mut tx, backup, reason).await?;
            emit(&mut tx, backup).await?;
        }
        (Job::Remove(backups), failure) => {
            for backup in backups {
                match failure {
                    None => {
                        store::erase(&mut tx, backup.id).await?;
                        count(&mut tx, backup, now).await?;
                    }
                    Some(reason) => {
                        // What is whole stays so, and is there to be removed again.
                        let words = format!("it was not removed: {reason}");
                        store::keep(&mut tx, backup.id, &words).await?;
                    }
                }
                emit(&mut tx, backup).await?;
            }
        }
        (Job::Whole(backup, restore), reason) => {
            whole::end(app, &mut tx, (backup, restore), (reason, is_half_way)).await?;
        }
        (Job::Fill(backup, fill), reason) => of_volume::end(app, &mut tx, (backup, fill), reason).await?,
        (Job::GetBack(backup, restore), reason) => {
            store::end_restore(&mut tx, restore.id, reason, now).await?;
            emit(&mut tx, backup).await?;
        }
        (Job::Check, reason) => check::end(app, &mut tx, claimed, reason).await?,
    }
    tx.commit().await
}

/// A failed backup is nobody's click, and still has to be found later.
async fn audit_failure(app: &App, tx: &mut SystemTx, backup: &Backup, reason: &str) -> Result<(), Error> {
    let target = crate::audit::Target {
        kind: "backup",
        id: Some(backup.id.0),
        label: &backup.server_name,
        tenant: Some(backup.tenant),
    };
    let change = crate::audit::Change::to("backup.fail", json!({ "reason": reason }));
    app.audit(tx, &Who::system("backups"), &target, &change).await
}
