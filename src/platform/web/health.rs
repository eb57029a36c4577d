//! For machines: is the process alive, can it work, and its metrics. On a listener of its own, never the public one;
//! `/livez` and `/readyz` are on the public one too, for load balancers, and say nothing of the inside.
#![expect(clippy::disallowed_methods, reason = "a router of its own, without people")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::platform::db::{Db, is_current};
use crate::platform::metrics;

/// Says `ok` while the process runs.
pub async fn livez() -> &'static str {
    "ok\n"
}

/// Whether this process has had the database once and found or made there what it needs. Clones are handles.
#[derive(Debug, Clone, Default)]
pub struct Started(Arc<AtomicBool>);

impl Started {
    /// Notes that it has.
    pub fn set(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn get(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Whether the panel can do its work now: it has started, and the database answers and fits this binary.
pub async fn is_ready(db: &Db, started: &Started) -> bool {
    let is_there = matches!(is_current(db).await, Ok(true));
    metrics::dependency("database", is_there);
    is_there && started.get()
}

/// What machines ask, on the listener for machines.
pub fn machines(db: Db, started: Started, prometheus: Arc<PrometheusHandle>) -> Router {
    let render = move || async move { prometheus.render() };
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state((db, started))
        .route("/metrics", get(render))
}

async fn readyz(State((db, started)): State<(Db, Started)>) -> (StatusCode, &'static str) {
    if is_ready(&db, &started).await {
        (StatusCode::OK, "ok\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the panel is starting, the database does not answer, or its schema is not this binary's\n",
        )
    }
}
