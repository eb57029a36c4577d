//! Bringing things to the state that the database asks for, over and over, whatever happened in between.
//!
//! The driver knows no feature. It claims what is due, works on several things at once, and sleeps until it is poked (by
//! an event or by the engine) or its period ends. A poke carries no truth: the reconciler reads its rows anew. A process
//! that dies leaves a lease that runs out, and another goes on from what it observes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::TimeDelta;
use tokio::sync::Notify;
use tokio::task::JoinSet;

use crate::platform::error::Error;
use crate::platform::events::{Hub, heard};
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

/// How long to wait after so many failures in a row: from a second, doubling, to `longest`.
pub fn patience(failures: i32, longest: TimeDelta) -> TimeDelta {
    // Twice as long as a day by then.
    let doublings = u32::try_from(failures).unwrap_or(0).min(17);
    longest.min(TimeDelta::seconds(1) * 2_i32.pow(doublings))
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
        fill(&reconciler, &mut work).await;
        let has_room = work.len() < R::CONCURRENCY;
        tokio::select! {
            biased;
            () = tasks.stopping() => break,
            Some(_) = work.join_next() => {}
            // A full set has no room for more. One that has may not wait for what is in work: a long step must not keep
            // the driver from what falls due meanwhile, such as a lease that runs out.
            () = poke.0.notified(), if has_room => {}
            () = tokio::time::sleep(R::PERIOD), if has_room => {}
        }
    }
    while work.join_next().await.is_some() {}
}

/// Wakes a reconciler whenever something of a topic happens, in this process or in another.
pub async fn wake(hub: Hub, topic: &'static str, poke: Poke, tasks: Tasks) {
    let (mut news, topics) = (hub.subscribe(), [topic]);
    loop {
        tokio::select! {
            () = tasks.stopping() => return,
            () = heard(&mut news, &topics) => poke.poke(),
        }
    }
}

async fn fill<R: Reconciler>(reconciler: &Arc<R>, work: &mut JoinSet<()>) {
    let room = R::CONCURRENCY.saturating_sub(work.len());
    if room == 0 {
        return;
    }
    let items = match reconciler.claim(room).await {
        Ok(items) => items,
        Err(error) => {
            tracing::warn!(
                kind = R::KIND,
                error = &error as &dyn std::error::Error,
                "can't claim work"
            );
            return;
        }
    };
    metrics::due(R::KIND, items.len());
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
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use tokio::sync::mpsc;

    use super::*;

    #[test]
    fn patience_grows_and_ends() {
        for longest in [TimeDelta::minutes(1), TimeDelta::minutes(5)] {
            assert_eq!(patience(0, longest), TimeDelta::seconds(1));
            assert_eq!(patience(3, longest), TimeDelta::seconds(8));
            assert_eq!(patience(i32::MAX, longest), longest);
        }
    }

    /// One item never ends; the other falls due when it is put there.
    struct Slow {
        due: Mutex<Vec<&'static str>>,
        begun: mpsc::UnboundedSender<&'static str>,
    }

    #[async_trait::async_trait]
    impl Reconciler for Slow {
        type Item = &'static str;
        const KIND: &'static str = "slow";
        const CONCURRENCY: usize = 2;
        const PERIOD: Duration = Duration::from_millis(10);

        async fn claim(&self, limit: usize) -> Result<Vec<&'static str>, Error> {
            let mut due = self.due.lock().unwrap();
            let count = limit.min(due.len());
            Ok(due.drain(..count).collect())
        }

        async fn reconcile(&self, item: &'static str) -> Result<bool, Error> {
            self.begun.send(item).unwrap();
            if item == "endless" {
                std::future::pending::<()>().await;
            }
            Ok(true)
        }
    }

    #[tokio::test]
    async fn what_falls_due_does_not_wait_for_what_is_in_work() {
        let (begun, mut heard) = mpsc::unbounded_channel();
        let due = Mutex::new(vec!["endless"]);
        let slow = Arc::new(Slow { due, begun });
        let mut driver = JoinSet::new();
        driver.spawn(drive(Arc::clone(&slow), Poke::default(), Tasks::default()));
        assert_eq!(heard.recv().await, Some("endless"));
        slow.due.lock().unwrap().push("next");
        let next = tokio::time::timeout(Duration::from_secs(5), heard.recv()).await;
        assert_eq!(next, Ok(Some("next")));
    }
}
