//! Servers that end by themselves: what the look of an attempt says about that is counted, told, and at last acted upon.
//!
//! All of it is in the transaction that ends the attempt. A panel that dies before has counted nothing, and the next look
//! finds the same number on the engine.

use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::operations;

use super::super::model::{CrashRule, Crashed, Entry, Kind, Observation, Trial, Verdict};
use super::super::store;
use super::attempt::Work;

impl Work<'_> {
    fn rule(&self) -> CrashRule {
        let config = &self.servers.app.config;
        CrashRule {
            limit: usize::try_from(config.crash_limit).unwrap_or(usize::MAX),
            window: chrono::Duration::minutes(i64::from(config.crash_window_minutes)),
        }
    }

    /// The crashes that a look found, asked before the look itself is written. Nothing if there are none.
    pub(super) async fn find_crashes(
        &self,
        tx: &mut SystemTx,
        (seen, was_started): (Option<&Observation>, bool),
        verdict: &Verdict,
    ) -> Result<Option<Crashed>, Error> {
        let Some(seen) = seen.filter(|_| verdict.trial == Trial::None) else {
            return Ok(None);
        };
        let server = self.server();
        let log = store::crash_log(tx, server.id).await?;
        Ok(log.after(server, (seen, was_started), self.rule(), self.servers.app.now()))
    }

    /// Counts crashes, stops a server that crashed too often, and tells whoever waits for it. Says whether it did. The
    /// server's row is locked before that of its crashes, as whoever starts it does.
    pub(super) async fn count_crashes(&self, tx: &mut SystemTx, crashed: &Crashed) -> Result<bool, Error> {
        let (server, now) = (self.server(), self.servers.app.now());
        store::save_crashes(tx, server, &crashed.times).await?;
        let Some(reason) = &crashed.stop else {
            return Ok(false);
        };
        if !store::stop_crashing(tx, server, reason, now).await? {
            return Ok(false);
        }
        if server.is_pending() {
            operations::end_step(tx, server.id.0, Err(reason), now).await?;
            operations::fail(tx, server.id.0, server.generation, reason, Some(now)).await?;
        }
        Ok(true)
    }
}

/// What the history tells: how often it crashed and how, and that it was stopped for it.
pub(super) fn entries(crashed: &Crashed, was_stopped: bool) -> Vec<Entry> {
    let stop = crashed.stop.as_ref().filter(|_| was_stopped);
    let stop = stop.map(|reason| Entry::new(Kind::Failed, reason.clone()));
    std::iter::once(crashed.entry.clone()).chain(stop).collect()
}
