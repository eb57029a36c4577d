//! What an attempt tells: the operations that wait for its server, the history, and whoever looks at it.

use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerEventId;
use crate::platform::{events, operations};

use super::super::actions::TOPIC;
use super::super::model::{Entry, Kind, Observation, Verdict, transitions};
use super::super::store::{self, NewEvent};
use super::attempt::Work;
use super::update;

impl Work<'_> {
    /// Tells the operations that wait for this server.
    pub(super) async fn report(&self, tx: &mut SystemTx, verdict: &Verdict) -> Result<(), Error> {
        let server = self.server();
        if !server.is_pending() {
            return Ok(());
        }
        let (id, generation, now) = (server.id.0, server.generation, self.servers.app.now());
        if self.report_update(tx, verdict).await? {
            return Ok(());
        }
        if verdict.reached {
            operations::end_step(tx, id, Ok(()), now).await?;
            operations::reach(tx, id, generation, now).await?;
        } else if let Some(error) = verdict.error.as_deref().filter(|_| verdict.failed_now) {
            operations::end_step(tx, id, Err(error), now).await?;
            let given_up = verdict.gives_up.then_some(now);
            operations::fail(tx, id, generation, error, given_up).await?;
        }
        Ok(())
    }

    /// Writes the history and tells whoever looks at the server, if there is something to tell.
    pub(super) async fn tell(
        &self,
        tx: &mut SystemTx,
        seen: Option<&Observation>,
        verdict: &Verdict,
        crashes: Vec<Entry>,
    ) -> Result<(), Error> {
        let server = self.server();
        let mut entries = Vec::new();
        if let Some(seen) = seen {
            let by_us = server.death(seen).is_none();
            entries.extend(transitions(&server.observed, seen, by_us));
        }
        if !crashes.is_empty() {
            // They tell the same, and more of it.
            entries.retain(|entry| entry.kind != Kind::Died);
            entries.extend(crashes);
        }
        if let Some(error) = verdict.error.as_ref().filter(|_| verdict.failed_now)
            && server.notes.error.as_ref() != Some(error)
            && !entries.iter().any(|entry| entry.kind == Kind::Died)
        {
            entries.push(Entry::new(Kind::Failed, format!("It could not go on: {error}.")));
        }
        entries.extend(update::entry(server, verdict));
        for entry in &entries {
            let now = self.servers.app.now();
            let event = NewEvent {
                id: ServerEventId::new(&*self.servers.app.ids, now),
                server: server.id,
                tenant: server.tenant,
                at: now,
                entry,
            };
            store::add_event(tx, &event).await?;
        }
        let is_news = seen.is_some_and(|seen| *seen != server.observed)
            || verdict.error != server.notes.error
            || server.is_pending()
            || !entries.is_empty()
            || server.notes.step.is_some();
        if is_news {
            events::emit(tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
        }
        Ok(())
    }
}
