//! Headers of every answer: the request's id and what browsers must and must not do.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{Extensions, HeaderName, HeaderValue, header};
use axum::middleware::Next;
use axum::response::Response;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rand::RngExt as _;

/// The header in which the request's id is answered.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// The id of one request: in its log line, its audit events and its error page.
#[derive(Debug, Clone)]
pub(super) struct RequestId(pub(super) String);

impl RequestId {
    pub(super) fn of(extensions: &Extensions) -> String {
        extensions
            .get::<Self>()
            .map(|id| id.0.clone())
            .unwrap_or_default()
    }
}

/// The nonce of one answer's Content-Security-Policy.
#[derive(Debug, Clone)]
pub(super) struct Nonce(pub(super) String);

fn random(bytes: usize) -> String {
    let mut rng = rand::rng();
    let bytes: Vec<u8> = (0..bytes).map(|_| rng.random()).collect();
    URL_SAFE_NO_PAD.encode(bytes)
}

/// Gives the request its id and the answer its security headers. `https` adds HSTS (RFC 6797).
pub async fn security_headers(State(https): State<Arc<bool>>, mut request: Request, next: Next) -> Response {
    let (id, nonce) = (random(12), random(16));
    request.extensions_mut().insert(RequestId(id.clone()));
    request.extensions_mut().insert(Nonce(nonce.clone()));
    let mut response = next.run(request).await;
    let policy = format!(
        "default-src 'none'; script-src 'self' 'nonce-{nonce}'; style-src 'self' 'nonce-{nonce}'; \
         img-src 'self' data:; font-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; \
         frame-ancestors 'none'"
    );
    let headers = response.headers_mut();
    let fixed = [
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "same-origin"),
        (
            HeaderName::from_static("cross-origin-opener-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("cross-origin-resource-policy"),
            "same-origin",
        ),
        (
            HeaderName::from_static("permissions-policy"),
            "camera=(), microphone=(), geolocation=()",
        ),
    ];
    for (name, value) in fixed {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if *https {
        headers.insert(
            header::STRICT_TRANSPORT_SECURITY,
            HeaderValue::from_static("max-age=63072000; includeSubDomains"),
        );
    }
    // What a signed-in person saw must not come back from a shared cache; assets say otherwise themselves.
    headers
        .entry(header::CACHE_CONTROL)
        .or_insert(HeaderValue::from_static("no-store"));
    // What a customer made is shown under a policy that is stricter still.
    if let (false, Ok(policy)) = (
        headers.contains_key(header::CONTENT_SECURITY_POLICY),
        HeaderValue::from_str(&policy),
    ) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    if let Ok(id) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, id);
    }
    response
}
