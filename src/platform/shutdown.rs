//! Stopping in good order: tasks hear of it, finish what they hold, and are waited for.

use std::future::Future;
use std::time::Duration;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The background work of this process.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// Starts a task that [`Tasks::finish`] waits for. It must end soon after [`Tasks::stopping`] resolves.
    pub fn spawn<F: Future<Output = ()> + Send + 'static>(&self, task: F) {
        drop(self.tracker.spawn_on(task, &tokio::runtime::Handle::current()));
    }

    /// Resolves when the process should stop.
    pub async fn stopping(&self) {
        self.stop.cancelled().await;
    }

    /// The token behind [`Tasks::stopping`], for what wants to hold one.
    pub fn token(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells every task to stop.
    pub fn stop(&self) {
        self.stop.cancel();
    }

    /// Waits for the tasks, at most for `limit`. Returns whether all ended in time.
    pub async fn finish(&self, limit: Duration) -> bool {
        self.stop.cancel();
        self.tracker.close();
        tokio::time::timeout(limit, self.tracker.wait()).await.is_ok()
    }
}

/// Resolves at SIGTERM or SIGINT.
pub async fn signalled() -> std::io::Result<()> {
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = term.recv() => Ok(()),
        _ = int.recv() => Ok(()),
    }
}
