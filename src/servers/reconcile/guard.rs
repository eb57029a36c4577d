//! Whether servers may be started: only while the network guard is known to hold.
//!
//! The engine is asked once, and again when its events, or its absence, give reason to doubt the answer; so a start costs
//! no call to it. The sweep asks along, for what no event told.

use std::sync::atomic::{AtomicBool, Ordering};

use chrono::{DateTime, Duration, Utc};
use tokio::sync::{Mutex, Notify};

use crate::app::App;
use crate::config::NetworkGuard;
use crate::drivers::engine::{EngineError, EngineEvent, EventKind, GuardSpec, Health, Subject};
use crate::platform::metrics;

use super::trouble::Trouble;

/// What it is called on the page of metrics.
const NAME: &str = "network_guard";
/// So long after a failure the engine is not asked again: many servers may wait, and a failing build takes its time.
const CALM: Duration = Duration::seconds(5);

/// What this process knows about the guard.
#[derive(Debug, Default)]
pub(super) struct Guard {
    holds: AtomicBool,
    doubted: Notify,
    /// Held by whoever asks the engine; why the last one got no good answer, and when.
    failure: Mutex<Option<(String, DateTime<Utc>)>>,
}

impl Guard {
    /// Returns when a server may be started. Brings the guard up if need be.
    pub(super) async fn ready(&self, app: &App) -> Result<(), Trouble> {
        if is_off(app) || self.holds.load(Ordering::Relaxed) {
            return Ok(());
        }
        let mut failure = self.failure.lock().await;
        match &*failure {
            // Somebody else asked meanwhile.
            _ if self.holds.load(Ordering::Relaxed) => Ok(()),
            Some((reason, at)) if app.now() < *at + CALM => Err(Trouble::Unguarded(reason.clone())),
            _ => self.ask(app, &mut failure).await,
        }
    }

    /// What was known may not be so any more: nothing is started before the engine said so again.
    pub(super) fn doubt(&self) {
        self.holds.store(false, Ordering::Relaxed);
        self.look_again();
    }

    /// Lets the engine be asked in the background, while what is known stands.
    pub(super) fn look_again(&self) {
        self.doubted.notify_one();
    }

    /// Takes note of what the engine tells.
    pub(super) fn hear(&self, event: &EngineEvent) {
        let has_failed = matches!(
            event.kind,
            EventKind::Died { .. }
                | EventKind::Destroyed
                | EventKind::Paused
                | EventKind::Health(Health::Unhealthy)
        );
        if event.about == Subject::Guard && has_failed {
            self.doubt();
        }
    }

    /// Asks whenever there is reason to, until the process stops. A failure is told in the log and by metrics, and where
    /// a server waits for it; the next sweep asks again.
    pub(super) async fn keep(&self, app: &App) {
        while !is_off(app) {
            tokio::select! {
                () = app.tasks.stopping() => return,
                () = self.doubted.notified() => {}
            }
            let mut failure = self.failure.lock().await;
            tokio::select! {
                () = app.tasks.stopping() => return,
                asked = self.ask(app, &mut failure) => drop(asked),
            }
        }
    }

    async fn ask(&self, app: &App, failure: &mut Option<(String, DateTime<Utc>)>) -> Result<(), Trouble> {
        let spec = GuardSpec {
            base_image: app.config.base_image.clone(),
            blocked: app.config.blocked_networks.clone(),
        };
        let answer = app.engine.ensure_guard(&spec).await;
        self.holds.store(answer.is_ok(), Ordering::Relaxed);
        metrics::dependency(NAME, answer.is_ok());
        let error = match answer {
            Ok(()) => {
                *failure = None;
                return Ok(());
            }
            Err(error @ EngineError::Unavailable(_)) => return Err(error.into()),
            Err(error) => error,
        };
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the network guard is not ready"
        );
        let reason = words(&error);
        *failure = Some((reason.to_owned(), app.now()));
        Err(Trouble::Unguarded(reason.to_owned()))
    }
}

fn is_off(app: &App) -> bool {
    app.config.network_guard == NetworkGuard::Off
}

/// For the page; the engine's and the guard's own words stay in the log.
fn words(error: &EngineError) -> &'static str {
    match error {
        EngineError::BuildFailed(_) => "its image could not be built",
        EngineError::Foreign { .. } => "its name on the engine belongs to somebody else",
        EngineError::Unguarded(_) => "its rules do not hold on the host",
        EngineError::Timeout(_) => "the engine did not answer in time",
        _ => "the engine refused; the provider's log says why",
    }
}
