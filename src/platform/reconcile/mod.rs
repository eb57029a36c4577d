//! Bringing things to the state that the database asks for, over and over, whatever happened in between.
//!
//! The driver knows no feature. It claims what is due, works on several things at once, and sleeps until it is poked (by
//! an event or by the engine) or its period ends. A poke carries no truth: the reconciler reads its rows anew. A process
//! that dies leaves a lease that runs out, and another goes on from what it observes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::platform::error::Error;
use crate::platform::metrics;
use crate::platform::shutdown::Tasks;

/// A feature's reconciler.
#[async_trait::async_trait]
pub trait Reconciler: Send + Sync + 'static {
    /// What is claimed: a row's id and whatever else it takes to begin.
    type Item: Send + 'static;
    /// The kind of thing, for logs and metrics.
    const KIND: &'static str;
    /// How many are worked on at once.
    const CONCURRENCY: usize;
    /// The sweep's period.
    const PERIOD: Duration;

    /// Claims at most `limit` due things under a lease, so that no other process takes them.
    async fn claim(&self, limit: usize) -> Result<Vec<Self::Item>, Error>;
    /// Observes one thing, plans, applies, and writes back. Says whether it is now as desired.
    async fn reconcile(&self, item: Self::Item) -> Result<bool, Error>;
}

/// How to wake a reconciler.
#[derive(Debug, Clone, Default)]
pub struct Poke(Arc<Notify>);

impl Poke {
    /// Something may be due.
    pub fn poke(&self) {
        self.0.notify_one();
    }
}

/// Runs `reconciler` until the process stops. What is in work is finished first.
pub async fn drive<R: Reconciler>(reconciler: Arc<R>, poke: Poke, tasks: Tasks) {
    let mut work = JoinSet::new();
    loop {
        let claimed = fill(&reconciler, &mut work).await;
        tokio::select! {
            biased;
            () = tasks.stopping() => break,
            Some(_) = work.join_next() => {}
            // While everything claimed is running there may be more, but a full set has no room for it.
            () = poke.0.notified(), if work.len() < R::CONCURRENCY => {}
            () = tokio::time::sleep(R::PERIOD), if claimed == 0 => {}
        }
    }
    while work.join_next().await.is_some() {}
}

async fn fill<R: Reconciler>(reconciler: &Arc<R>, work: &mut JoinSet<()>) -> usize {
    let room = R::CONCURRENCY.saturating_sub(work.len());
    if room == 0 {
        return 0;
    }
    let items = match reconciler.claim(room).await {
        Ok(items) => items,
        Err(error) => {
            tracing::warn!(
                kind = R::KIND,
                error = &error as &dyn std::error::Error,
                "can't claim work"
            );
            return 0;
        }
    };
    metrics::due(R::KIND, items.len());
    let claimed = items.len();
    for item in items {
        let reconciler = Arc::clone(reconciler);
        work.spawn(async move {
            let begun = Instant::now();
            let outcome = reconciler.reconcile(item).await;
            metrics::reconciled(R::KIND, matches!(outcome, Ok(true)), begun.elapsed());
            if let Err(error) = outcome {
                tracing::warn!(
                    kind = R::KIND,
                    error = &error as &dyn std::error::Error,
                    "could not reconcile"
                );
            }
        });
    }
    claimed
}
