//! One log line and one measurement per request. Never a body, a cookie, a query or the token in a link's path: they may
//! hold what is secret.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::middleware::Next;
use axum::response::Response;

use crate::platform::metrics;

use super::address::ClientAddress;
use super::headers::RequestId;

/// Measures and logs.
pub async fn log_requests(request: Request, next: Next) -> Response {
    let begun = Instant::now();
    let method = request.method().clone();
    let route = request
        .extensions()
        .get::<MatchedPath>()
        .map_or("(none)", |path| path.as_str())
        .to_owned();
    let path = loggable(&route, request.uri().path()).to_owned();
    let address = request
        .extensions()
        .get::<ClientAddress>()
        .copied()
        .unwrap_or_default();
    let id = RequestId::of(request.extensions());
    let response = next.run(request).await;
    let (status, took) = (response.status().as_u16(), begun.elapsed());
    metrics::http(&route, method.as_str(), status, took);
    let millis = took.as_secs_f64() * 1000.0;
    tracing::info!(%method, path, status, millis, ip = %address, request_id = id, "request");
    response
}

/// The path, unless it holds a single-use link's secret: then what the route calls it.
fn loggable<'a>(route: &'a str, path: &'a str) -> &'a str {
    if route.ends_with("/{token}") { route } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_of_links_are_not_logged() {
        assert_eq!(loggable("/invite/{token}", "/invite/s3cret"), "/invite/{token}");
        assert_eq!(
            loggable("/t/{tenant}/servers", "/t/acme/servers"),
            "/t/acme/servers"
        );
        assert_eq!(loggable("(none)", "/nowhere"), "/nowhere");
    }
}
