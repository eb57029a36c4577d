//! Following the engine: its events wake servers, its absence is told on pages and pauses the work.
//!
//! An event is a hint to look and never the truth; what was missed while nobody listened, the sweep finds.

use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt as _;

use crate::drivers::engine::{EngineError, EngineEvent, EventKind, Subject};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ServerEventId, ServerId};

use super::super::model::{Entry, Kind};
use super::super::store::{self, Exit};
use super::Servers;
use super::sweep::sweep;

/// How soon to ask again whether the engine is back.
const RETRY: Duration = Duration::from_secs(1);
/// How often everything is compared.
const SWEEP: Duration = Duration::from_mins(1);
/// How many events are taken together when many come at once.
const AT_ONCE: usize = 256;
/// Events about the engine itself have this topic.
const TOPIC: &str = "engine";

/// Follows the engine until the process stops.
pub(super) async fn watch(servers: Arc<Servers>) {
    loop {
        let outcome = tokio::select! {
            () = servers.app.tasks.stopping() => return,
            outcome = follow(&servers) => outcome,
        };
        if let Err(trouble) = outcome {
            tracing::warn!(
                error = &trouble as &dyn std::error::Error,
                "lost sight of the engine"
            );
            if let Watch::Engine(error) = &trouble {
                servers.health.set_away(true);
                servers.note_engine(Some(&error.to_string())).await;
            }
        }
        tokio::select! {
            () = servers.app.tasks.stopping() => return,
            () = tokio::time::sleep(RETRY) => {}
        }
    }
}

/// The server that an event is about.
fn known(event: &EngineEvent) -> Option<ServerId> {
    match &event.about {
        Subject::Server(server) => server.as_str().parse().ok(),
        Subject::Guard => None,
    }
}

/// Why following ended.
#[derive(Debug, thiserror::Error)]
pub(in crate::servers) enum Watch {
    /// The engine went away.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The database did.
    #[error(transparent)]
    Database(#[from] Error),
}

async fn follow(servers: &Servers) -> Result<(), Watch> {
    // Listening begins before the sweep looks, so that nothing can happen unseen in between.
    let mut events = servers.app.engine.events().await?.ready_chunks(AT_ONCE);
    servers.engine_answers().await;
    let mut ticks = tokio::time::interval(SWEEP);
    loop {
        tokio::select! {
            heard = events.next() => match heard {
                Some(heard) => servers.happened(heard).await?,
                None => return Ok(()),
            },
            _ = ticks.tick() => {
                servers.guard.look_again();
                sweep(servers).await?;
            }
            () = servers.health.suspected() => {
                servers.app.engine.ping().await?;
                servers.engine_answers().await;
            }
        }
    }
}

impl Servers {
    /// The engine is there, or there again: what waited may go on.
    pub(super) async fn engine_answers(&self) {
        self.health.set_away(false);
        self.guard.doubt();
        self.note_engine(None).await;
        self.app.poke_servers.poke();
    }

    /// Wakes the servers that events are about.
    pub(super) async fn happened(&self, heard: Vec<Result<EngineEvent, EngineError>>) -> Result<(), Watch> {
        let heard: Vec<EngineEvent> = heard.into_iter().collect::<Result<_, _>>()?;
        for event in &heard {
            self.guard.hear(event);
        }
        for event in &heard {
            if let Some(id) = known(event) {
                self.note_end(id, event).await?;
            }
        }
        let mut tx = self.app.db.system().await?;
        let mut ids: Vec<ServerId> = heard.iter().filter_map(known).collect();
        ids.sort_unstable();
        ids.dedup();
        store::wake(&mut tx, &ids, self.app.now()).await?;
        tx.commit().await?;
        self.app.poke_servers.poke();
        Ok(())
    }

    /// A process that ended: the engine starts it again so fast that observing would not see how it ended. The look that
    /// follows tells whether that was by itself. One transaction each, which holds no other server's row.
    async fn note_end(&self, server: ServerId, event: &EngineEvent) -> Result<(), Error> {
        let now = self.app.now();
        let exit = match event.kind {
            EventKind::Died { exit_code } => Exit::Code(exit_code),
            EventKind::Oom => Exit::OutOfMemory,
            _ => return Ok(()),
        };
        let mut tx = self.app.db.system().await?;
        store::note_exit(&mut tx, server, exit, now).await?;
        if event.kind == EventKind::Oom {
            let id = ServerEventId::new(&*self.app.ids, now);
            let entry = Entry::new(
                Kind::Died,
                "The kernel ended one of its processes: out of memory.",
            );
            store::note_oom(&mut tx, id, server, now, &entry).await?;
        }
        tx.commit().await
    }

    /// Notes whether the engine answers. That it can't be noted changes nothing.
    async fn note_engine(&self, error: Option<&str>) {
        let noted: Result<(), Error> = async {
            let mut tx = self.app.db.system().await?;
            if store::save_engine_state(&mut tx, self.location, error, self.app.now()).await? {
                events::emit(&mut tx, None, TOPIC, Some(self.location.0)).await?;
            }
            tx.commit().await
        }
        .await;
        if let Err(error) = noted {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "the engine's state was not noted"
            );
        }
    }
}
