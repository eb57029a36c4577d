//! For machines: is the process alive, can it work, and its metrics. On a listener of its own, never the public one;
//! `/livez` and `/readyz` are on the public one too, for load balancers, and say nothing of the inside.
#![expect(clippy::disallowed_methods, reason = "a router of its own, without people")]

use std::sync::Arc;

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

/// Whether the panel can do its work now: the database answers and fits this binary.
pub async fn is_ready(db: &Db) -> bool {
    let ready = matches!(is_current(db).await, Ok(true));
    metrics::dependency("database", ready);
    ready
}

/// What machines ask, on the listener for machines.
pub fn machines(db: Db, prometheus: Arc<PrometheusHandle>) -> Router {
    let render = move || async move { prometheus.render() };
    Router::new()
        .route("/livez", get(livez))
        .route("/readyz", get(readyz))
        .with_state(db)
        .route("/metrics", get(render))
}

async fn readyz(State(db): State<Db>) -> (StatusCode, &'static str) {
    if is_ready(&db).await {
        (StatusCode::OK, "ok\n")
    } else {
        (
            StatusCode::SERVICE_UNAVAILABLE,
            "the database does not answer, or its schema is not this binary's\n",
        )
    }
}
