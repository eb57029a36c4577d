//! Measures all running servers every ten seconds: one question to the database for whom, one to the engine for what, one
//! statement that writes it.
//!
//! What holds: a moment is written once, whoever measures it; a reading that cannot be had, for want of the engine or of the
//! database, leaves a gap and never a zero; after a gap, a restart of the panel or of the server the first reading makes no
//! rate.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use crate::app::App;
use crate::drivers::engine::{EngineError, ServerKey, Stats};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::{events, metrics};
use chrono::{DateTime, TimeDelta, Utc};

use super::disk::Disk;
use super::model::{PERIOD, Rates, Reading, floor};
use super::store::{self, NewSample};
use super::upkeep::Upkeep;

/// Pages hear of new measurements by it.
pub(super) const TOPIC: &str = "usage";

/// Why a measurement was not made.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missed {
    /// The engine did not answer.
    #[error(transparent)]
    Engine(#[from] EngineError),
    /// The database did not, or did not want to.
    #[error(transparent)]
    Database(#[from] Error),
}

/// How long after the beginning of each ten seconds it is measured: so far from their edges that neither a late wake-up nor a
/// clock that is being set right puts two measurements into the same ten seconds, and none into the next.
const OFFSET: TimeDelta = TimeDelta::seconds(3);

fn until_next(now: DateTime<Utc>) -> Duration {
    let next = floor(now - OFFSET, PERIOD) + PERIOD + OFFSET;
    (next - now).to_std().unwrap_or_default()
}

/// Measures, and knows what it measured last.
#[derive(Debug)]
pub(super) struct Sampler {
    app: App,
    last: HashMap<ServerId, Reading>,
    upkeep: Upkeep,
    disk: Disk,
}

impl Sampler {
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            last: HashMap::new(),
            upkeep: Upkeep::default(),
            disk: Disk::default(),
        }
    }

    /// Measures until the process stops. A measurement that takes longer than the period leaves out the next one.
    pub(super) async fn run(mut self) {
        loop {
            tokio::select! {
                () = self.app.tasks.stopping() => return,
                () = tokio::time::sleep(until_next(self.app.now())) => {}
            }
            let begun = Instant::now();
            let outcome = self.tick().await;
            metrics::sampled(outcome.as_ref().copied().ok(), begun.elapsed());
            if let Err(missed) = outcome {
                tracing::warn!(
                    error = &missed as &dyn std::error::Error,
                    "servers were not measured"
                );
            }
        }
    }

    /// Measures once, and looks after the tables. Says how many servers were measured.
    pub(super) async fn tick(&mut self) -> Result<usize, Missed> {
        self.upkeep.make_room(&self.app).await?;
        let count = self.sample().await?;
        self.disk.begin(&self.app, self.app.now());
        self.upkeep.run(&self.app).await?;
        Ok(count)
    }

    async fn sample(&mut self) -> Result<usize, Missed> {
        let running = store::running(&mut self.app.db.system().await?).await?;
        let keys = running.iter().map(|(id, _)| ServerKey::new(id.to_string()));
        let keys: Vec<ServerKey> = keys.collect::<Result<_, _>>()?;
        let stats = if keys.is_empty() {
            Vec::new()
        } else {
            self.app.engine.stats_all(&keys).await?
        };
        // The moment of the reading, and not of the questions before it, which may have had to wait: rates are divided by it.
        let now = self.app.now();
        let samples = self.samples(running, stats, now);
        if samples.is_empty() {
            return Ok(0);
        }
        let mut tx = self.app.db.system().await?;
        store::insert(&mut tx, floor(now, PERIOD), &samples).await?;
        events::emit(&mut tx, None, TOPIC, None).await?;
        tx.commit().await?;
        Ok(samples.len())
    }

    /// Readings become samples by what was read before, and are what is read before the next.
    fn samples(
        &mut self,
        running: Vec<(ServerId, TenantId)>,
        stats: Vec<(ServerKey, Stats)>,
        now: DateTime<Utc>,
    ) -> Vec<NewSample> {
        let stats = stats
            .into_iter()
            .filter_map(|(key, stats)| Some((key.as_str().parse().ok()?, stats)));
        let mut stats: HashMap<ServerId, Stats> = stats.collect();
        let mut read = HashMap::with_capacity(stats.len());
        let mut samples = Vec::with_capacity(stats.len());
        for (server, tenant) in running {
            let Some(stats) = stats.remove(&server) else {
                continue;
            };
            let reading = Reading {
                at: stats.at.unwrap_or(now),
                stats,
            };
            let before = self.last.get(&server);
            samples.push(NewSample {
                server,
                tenant,
                rates: before.map_or_else(Rates::default, |before| Rates::between(before, &reading)),
                memory: i64::try_from(reading.stats.memory_bytes).unwrap_or(i64::MAX),
            });
            read.insert(server, reading);
        }
        self.last = read;
        samples
    }
}
