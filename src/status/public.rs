//! What the world reads: no session, no cookie, one question to the database outside of every scope.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::web::Path;

use super::render::{self, Links};
use super::store;
use super::view::View;

/// Shared caches may keep it for so long, and show it longer while the panel does not answer.
const CACHE: &str = "public, max-age=15, stale-if-error=86400";

async fn view(app: &App, slug: &str) -> Result<View, Error> {
    let now = app.now();
    let told = store::public_read(&mut app.db.login().await?, slug, now).await?;
    View::new(told.ok_or(Error::NotFound)?, now)
}

/// Whether the reader has this already (RFC 9110, 13.1.2: compared weakly, since proxies that compress make tags weak).
fn is_known(headers: &HeaderMap, tag: &str) -> bool {
    let all = headers.get_all(header::IF_NONE_MATCH).iter();
    let mut tags = all
        .filter_map(|value| value.to_str().ok())
        .flat_map(|text| text.split(','));
    tags.any(|known| {
        let known = known.trim();
        known == "*" || known.strip_prefix("W/").unwrap_or(known) == tag
    })
}

fn answer(headers: &HeaderMap, kind: &'static str, body: String) -> Response {
    let hash = URL_SAFE_NO_PAD.encode(&Sha256::digest(body.as_bytes())[..15]);
    let tag = format!("\"{hash}\"");
    let mut response = if is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, kind)], body).into_response()
    };
    let own = response.headers_mut();
    own.insert(header::CACHE_CONTROL, HeaderValue::from_static(CACHE));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        own.insert(header::ETAG, tag);
    }
    response
}

/// The page.
pub(super) async fn page(
    State(app): State<App>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let view = view(&app, &slug).await?;
    let body = render::html(&view, &Links::live(&slug), &[])?;
    Ok(answer(&headers, "text/html; charset=utf-8", body))
}

/// Its feed.
pub(super) async fn feed(
    State(app): State<App>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let body = render::feed(&app, &view(&app, &slug).await?)?;
    Ok(answer(&headers, "application/atom+xml; charset=utf-8", body))
}

/// The same for programs.
pub(super) async fn json(
    State(app): State<App>,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let body = render::json(&view(&app, &slug).await?)?;
    Ok(answer(&headers, "application/json", body))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_reader_has_is_not_sent_again() {
        let asked = |value: &'static str| {
            let headers = HeaderMap::from_iter([(header::IF_NONE_MATCH, HeaderValue::from_static(value))]);
            is_known(&headers, "\"a\"")
        };
        assert!(asked("\"a\"") && asked("W/\"a\"") && asked("\"b\", \"a\"") && asked("*"));
        assert!(!asked("\"b\"") && !asked("a"));
        assert!(!is_known(&HeaderMap::new(), "\"a\""));
    }
}
