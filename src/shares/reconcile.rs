//! Telling servers of their shares: the whole list as one file in the server's volume, put there in one step, and a word to its
//! programs if it runs.
//!
//! Both may be repeated. A panel that dies between them is followed by one that does both again; a server that starts
//! meanwhile reads the file. It is done again from time to time, because a volume that was brought back holds an old list. What the
//! server wrote down about uses is collected by the way.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::engine::{EngineError, FilesError, ServerKey};
use crate::files::WholeVolumes;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::SharePersonId;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience, wake};
use crate::platform::secret::Keyring;
use crate::servers;

use super::TOPIC;
use super::model::{Hashes, state};
use super::place::{FOLDERS, VOLUME};
use super::record::collect;
use super::reseal::context;
use super::store::{self, Claimed};

/// Whoever holds a server for longer has died.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// How soon to look again whether a server was made.
const WAIT: TimeDelta = TimeDelta::seconds(2);
/// When a server that knows is told again, and what fails is tried again at the latest.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// The programs take up new rules within a second.
const RELOAD: Duration = Duration::from_secs(20);
/// The list of shares.
const FILE: &str = "shares.json";

/// The reconciler of shares.
#[derive(Debug, Clone)]
pub struct Shares {
    app: App,
}

impl Shares {
    /// The reconciler of all servers' shares.
    pub fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

/// Starts telling servers in the background of this process, woken by what is changed.
pub fn begin(app: &App) {
    let (shares, poke) = (Arc::new(Shares::new(app)), Poke::default());
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(shares, poke, app.tasks.clone()));
}

/// Why a server was not told.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("the files helper did not write the list")]
    Files(#[from] FilesError),
    #[error("the engine did not pass it on")]
    Engine(#[from] EngineError),
    #[error("the server refused: {0}")]
    Refused(String),
    #[error("its image has no program for it")]
    TooOld,
    #[error(transparent)]
    Inside(#[from] Error),
}

impl Trouble {
    /// For the people whose shares they are.
    fn words(&self) -> &'static str {
        match self {
            Self::Files(FilesError::Quota | FilesError::NoSpace) => "its disk is full",
            Self::Files(_) => "its volume cannot be written to",
            Self::Engine(_) => "the container engine does not answer",
            Self::Refused(_) => "it does not take the list now",
            Self::TooOld => "it was made before there were shares: rebuild it once",
            Self::Inside(_) => "the panel could not make the list",
        }
    }
}

#[async_trait::async_trait]
impl Reconciler for Shares {
    type Item = Claimed;
    const KIND: &'static str = "share";
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
        let told = self.tell(&claimed).await;
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        let is_done = match told {
            Ok(None) => {
                store::settle(&mut tx, &claimed, now + AGAIN).await?;
                true
            }
            Ok(Some(wait)) => {
                store::put_off(&mut tx, &claimed, None, now + wait).await?;
                false
            }
            Err(error) => {
                tracing::warn!(server = %claimed.server, error = &error as &dyn std::error::Error, "shares are not in force");
                let until = now + patience(claimed.failures, AGAIN);
                store::put_off(&mut tx, &claimed, Some(error.words()), until).await?;
                false
            }
        };
        if !claimed.is_repeat {
            events::emit(&mut tx, Some(claimed.tenant), TOPIC, Some(claimed.server.0)).await?;
        }
        tx.commit().await?;
        Ok(is_done)
    }
}

impl Shares {
    /// Tells a server, or says when to try again: it may not have been made yet, or be deleted and come back.
    async fn tell(&self, claimed: &Claimed) -> Result<Option<TimeDelta>, Trouble> {
        let app = &self.app;
        let mut tx = app.db.system().await?;
        let server = servers::find(&mut tx, claimed.server).await?;
        if server.is_deleted() {
            return Ok(Some(AGAIN));
        }
        if server.observed_generation == 0 {
            return Ok(Some(WAIT));
        }
        let volumes = WholeVolumes::of(app, &mut tx, &server).await?;
        let shares = store::list(&mut tx, server.id).await?;
        let sealed = store::sealed(&mut tx, server.id).await?;
        drop(tx);
        let hashes: Result<Vec<_>, Error> = sealed
            .into_iter()
            .map(|(person, sealed)| Ok((person, open(&app.keyring, person, &sealed)?)))
            .collect();
        let list = state(&shares, &hashes?).to_string();
        if let Err(error) = collect(app, &server, &volumes).await {
            // What matters is that the server is told; the record is there the next time.
            tracing::warn!(server = %claimed.server, error = &error as &dyn std::error::Error, "uses are not collected");
        }
        volumes.put((VOLUME, &FOLDERS, FILE), list).await?;
        self.reload(&ServerKey::new(server.id.to_string())?).await?;
        Ok(None)
    }

    /// One that does not run reads the file when it starts.
    async fn reload(&self, server: &ServerKey) -> Result<(), Trouble> {
        let said = self
            .app
            .engine
            .exec(server, vec!["reload".to_owned()], RELOAD)
            .await;
        match said {
            Ok(output) if output.exit_code == 0 => Ok(()),
            Ok(output) if matches!(output.exit_code, 126 | 127) => Err(Trouble::TooOld),
            Ok(output) => Err(Trouble::Refused(
                String::from_utf8_lossy(&output.stderr).trim().to_owned(),
            )),
            Err(EngineError::NotRunning(_)) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

fn open(keyring: &Keyring, person: SharePersonId, sealed: &[u8]) -> Result<Hashes, Error> {
    let plain = keyring.open(&context(person), sealed).map_err(Error::internal)?;
    let text = std::str::from_utf8(&plain).map_err(Error::internal)?;
    Hashes::split(text).ok_or_else(|| Error::internal("hashes of a person are not two"))
}
