//! Knowing by a line of its log that a server is up.
//!
//! What is known is written for a start (`running_since`), so it survives this process; who does not know yet follows the
//! log from there on. Two processes that follow the same log find the same.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;

use crate::drivers::engine::{LogQuery, ServerKey};
use crate::eggs::Egg;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::super::store;
use super::super::Servers;

type Start = (ServerId, DateTime<Utc>);

/// The starts whose logs this process follows.
#[derive(Debug, Clone, Default)]
pub(in super::super) struct Followers(Arc<Mutex<HashSet<Start>>>);

impl Followers {
    fn begin(&self, start: Start) -> bool {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(start)
    }

    fn end(&self, start: Start) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&start);
    }
}

/// Follows the log of a server that runs since `since`, unless this process does already.
pub(in super::super) fn follow(servers: &Servers, id: ServerId, since: DateTime<Utc>, egg: Arc<Egg>) {
    let start = (id, since);
    if !servers.followers.begin(start) {
        return;
    }
    let servers = servers.clone();
    servers.app.tasks.clone().spawn(async move {
        let found = tokio::select! {
            found = until_ready(&servers, start, &egg) => found,
            () = servers.app.tasks.stopping() => Ok(()),
        };
        if let Err(error) = found {
            tracing::warn!(server = %id, error = &*error, "a server's log can't be followed");
        }
        servers.followers.end(start);
    });
}

type Cause = Box<dyn std::error::Error + Send + Sync>;

async fn until_ready(servers: &Servers, (id, since): Start, egg: &Egg) -> Result<(), Cause> {
    let key = ServerKey::new(id.to_string())?;
    // A quick process writes before the engine says that it started; what came before its last end is another start's.
    let seen = servers.app.engine.observe(&key).await?;
    let query = LogQuery {
        since: seen.finished_at,
        follow: true,
        ..LogQuery::default()
    };
    let mut lines = servers.app.engine.logs(&key, query).await?;
    while let Some(line) = lines.next().await {
        let text = line?.text;
        if egg.ready.iter().any(|ready| ready.is_said_by(&text)) {
            return Ok(note(servers, (id, since)).await?);
        }
    }
    Ok(())
}

async fn note(servers: &Servers, (id, since): Start) -> Result<(), Error> {
    let mut tx = servers.app.db.system().await?;
    store::set_ready(&mut tx, id, since).await?;
    store::wake(&mut tx, &[id], servers.app.now()).await?;
    tx.commit().await?;
    servers.app.poke_servers.poke();
    Ok(())
}
