//! Whether this process reaches the engine. While it doesn't, nothing is claimed: every attempt would fail alike.

use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

/// Shared by the attempts, which notice that the engine is away, and the watch, which notices that it is back.
#[derive(Debug, Default)]
pub(super) struct EngineHealth {
    is_away: AtomicBool,
    suspected: Notify,
}

impl EngineHealth {
    /// Whether the engine did not answer last.
    pub(super) fn is_away(&self) -> bool {
        self.is_away.load(Ordering::Relaxed)
    }

    /// It did not answer an attempt: the watch should look.
    pub(super) fn suspect(&self) {
        self.is_away.store(true, Ordering::Relaxed);
        self.suspected.notify_one();
    }

    /// Whether it answers, as the watch found.
    pub(super) fn set_away(&self, is_away: bool) {
        self.is_away.store(is_away, Ordering::Relaxed);
    }

    /// Resolves when an attempt got no answer.
    pub(super) async fn suspected(&self) {
        self.suspected.notified().await;
    }
}
