//! How long a request may take. Streams are not cut, as they begin within it; what brings or changes more than a page's worth
//! says so where its route is mounted, and watches over its own progress.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use crate::platform::error::Error;

/// Longer than any page takes.
const TIMEOUT: Duration = Duration::from_secs(30);

/// The paths of routes that may last.
pub type Lasting = Arc<HashSet<String>>;

/// Answers 503 to what takes too long.
pub async fn limit_time(State(lasting): State<Lasting>, request: Request, next: Next) -> Response {
    let route = request.extensions().get::<MatchedPath>();
    if route.is_some_and(|route| lasting.contains(route.as_str())) {
        return next.run(request).await;
    }
    match tokio::time::timeout(TIMEOUT, next.run(request)).await {
        Ok(response) => response,
        Err(_) => Error::Unavailable("the request took too long".into()).into_response(),
    }
}
