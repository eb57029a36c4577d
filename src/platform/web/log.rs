//! One log line and one measurement per request. Never a body, a cookie, a query or the token in a link's path: they may
//! hold what is secret.

use std::time::Instant;

use axum::extract::{MatchedPath, Request};
use axum::http::Method;
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
    metrics::http(&route, label(&method), status, took);
    let millis = took.as_secs_f64() * 1000.0;
    tracing::info!(%method, path, status, millis, ip = %address, request_id = id, "request");
    response
}

/// The path, unless it holds a single-use link's secret: then what the route calls it. A link with something added reaches
/// no route, and its secret would still work.
fn loggable<'a>(route: &'a str, path: &'a str) -> &'a str {
    let link = LINKS
        .iter()
        .find(|link| path.starts_with(&link[..link.len() - TOKEN.len()]));
    match link {
        Some(link) => link,
        None if route.ends_with(TOKEN) => route,
        None => path,
    }
}

const TOKEN: &str = "{token}";
/// The routes of links whose address is all that they ask for.
const LINKS: [&str; 5] = [
    "/invite/{token}",
    "/setup/{token}",
    "/password/{token}",
    "/s/{token}",
    "/page-links/{token}",
];

/// The method as a metric's label. Anybody may invent methods, and each label is a series that is kept.
fn label(method: &Method) -> &'static str {
    match method.as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "PATCH" => "PATCH",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    }
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
        assert_eq!(loggable("/s/{token}/content", "/s/s3cret/content"), "/s/{token}");
        assert_eq!(loggable("(none)", "/nowhere"), "/nowhere");
        assert_eq!(loggable("(none)", "/invite/s3cret/"), "/invite/{token}");
    }

    #[test]
    fn invented_methods_are_one_label() {
        let labels: std::collections::HashSet<_> = (0..100)
            .map(|number| label(&Method::from_bytes(format!("FOO{number}").as_bytes()).unwrap()))
            .collect();
        assert_eq!(labels.len(), 1);
        assert_eq!(label(&Method::PATCH), "PATCH");
    }
}
