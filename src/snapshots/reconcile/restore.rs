//! Restoring a server in place. It holds still for itself and stops; what it holds is kept and that is noted; only then contents
//! are replaced, of all volumes anew if that was cut off; then it goes on, whichever way it ended.

use crate::backups;
use crate::drivers::engine::ServerKey;
use crate::drivers::pool::SnapshotName;
use crate::platform::error::Error;
use crate::platform::{events, fault, operations};
use crate::servers::{self, TOPIC as SERVER_TOPIC, model::Seen};

use super::super::TOPIC;
use super::super::model::State;
use super::super::store;
use super::Work;
use super::trouble::Trouble;

impl Work<'_> {
    pub(super) async fn restore(&self) -> Result<bool, Error> {
        match self.try_restore().await {
            Ok(()) => {
                let text = format!("It was restored to the snapshot {}.", self.snapshot().name);
                self.go_on(Ok(()), text).await
            }
            Err(trouble) if trouble.passes() => self.put_off(&trouble).await,
            Err(trouble) => {
                tracing::warn!(server = %self.server.id, error = &trouble as &dyn std::error::Error, "a server was not restored");
                let words = trouble.words();
                let text = format!(
                    "It was not restored to the snapshot {}: {words}.",
                    self.snapshot().name
                );
                self.go_on(Err(&words), text).await
            }
        }
    }

    async fn try_restore(&self) -> Result<(), Trouble> {
        self.still().await?;
        let Some(safety) = self.claimed.safety else {
            return Err(Trouble::Gone);
        };
        self.step("Keep what is there now").await?;
        self.take(&safety.to_string()).await?;
        let mut tx = self.app.db.system().await?;
        store::note_taken(&mut tx, safety, self.app.now()).await?;
        tx.commit().await?;
        fault::point("snapshots.kept");
        self.step("Put the snapshot in place").await?;
        // Whoever has files open would go on with those of before.
        let key = ServerKey::new(self.server.id.to_string())?;
        self.app.engine.close_files(&key).await?;
        self.app.engine.end_task(&key).await?;
        let name = SnapshotName::parse(&self.snapshot().id.to_string())?;
        for volume in self.volumes().await? {
            self.storage()?.restore(&volume, &name).await?;
            fault::point("snapshots.restored");
        }
        Ok(())
    }

    /// Has the server stop and hold still, whatever was wished for.
    async fn still(&self) -> Result<(), Trouble> {
        let id = self.server.id;
        if self.server.is_deleted() {
            return Err(Trouble::Gone);
        }
        let mut tx = self.app.db.system().await?;
        let holds = store::hold_still(&mut tx, id).await?;
        let is_first = self.server.still_for != Some(id);
        if let (Some(operation), true) = (self.claimed.operation, is_first) {
            operations::begin(&mut tx, operation, self.app.now()).await?;
            operations::begin_step(&mut tx, id.0, "Stop the server", self.app.now()).await?;
        }
        if holds && is_first {
            servers::wake(&mut tx, id, self.app.now()).await?;
            events::emit(&mut tx, Some(self.server.tenant), SERVER_TOPIC, Some(id.0)).await?;
        }
        tx.commit().await?;
        self.app.poke_servers.poke();
        if !holds || is_first {
            return Err(Trouble::Waits);
        }
        let is_unattended = store::is_unattended(&mut self.app.db.system().await?, id).await?;
        let key = ServerKey::new(id.to_string())?;
        let state = self.app.engine.observe(&key).await?.state;
        if !is_unattended || Seen::from(&state).is_alive() {
            return Err(Trouble::Waits);
        }
        Ok(())
    }

    async fn step(&self, name: &str) -> Result<(), Error> {
        let (target, now) = (self.server.id.0, self.app.now());
        let mut tx = self.app.db.system().await?;
        operations::end_step(&mut tx, target, Ok(()), now).await?;
        operations::begin_step(&mut tx, target, name, now).await?;
        tx.commit().await
    }

    /// The end of a restoring: the server goes on, whichever way it ended.
    async fn go_on(&self, outcome: Result<(), &str>, text: String) -> Result<bool, Error> {
        let (id, now) = (self.server.id, self.app.now());
        let mut tx = self.app.db.system().await?;
        if !store::settle(&mut tx, self.claimed, (State::Ready, None), now).await? {
            return Ok(false);
        }
        if let (Some(safety), Err(_)) = (self.claimed.safety, outcome) {
            // It keeps nothing that is not there.
            store::begin_removal(&mut tx, safety, now).await?;
        }
        store::let_go(&mut tx, id).await?;
        operations::end_step(&mut tx, id.0, outcome, now).await?;
        if let Some(operation) = self.claimed.operation {
            operations::finish(&mut tx, operation, outcome, now).await?;
        }
        backups::wake(self.app, &mut tx, (id, self.server.tenant)).await?;
        servers::rewire(self.app, &mut tx, &self.server, text).await?;
        events::emit(&mut tx, Some(self.server.tenant), TOPIC, Some(id.0)).await?;
        tx.commit().await?;
        self.app.poke_servers.poke();
        Ok(true)
    }
}
