//! `Idempotency-Key` on POSTs of the API: asking twice does once.
//!
//! The first request claims the key; its answer is kept for a day and given again to whoever repeats the request with the
//! same token and key. A repeat while the first is still running is told to wait; the same key for another request is an
//! error of the caller. An answer that says "try again" (429, 5xx) is not kept. A claim whose process died is free again
//! after [`CLAIM`], unless the request had committed something by then ([`Once`]): it is never done twice, and whoever
//! repeats it is told that its answer is lost.

mod store;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::{HeaderValue, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use chrono::TimeDelta;
use http_body_util::BodyExt as _;
use sha2::{Digest as _, Sha256};

use crate::platform::access::{Actor, Via};
use crate::platform::db::Once;
use crate::platform::error::Error;
use crate::platform::ids::TokenId;

use super::extract;
use super::guard::Kit;

pub use store::purge;
use store::{Claim, Kept};

/// Longer than any request may take.
const CLAIM: TimeDelta = TimeDelta::seconds(60);
const MAX_KEY: usize = 128;

pub(super) async fn replay(State(kit): State<Kit>, request: Request, next: Next) -> Response {
    if request.method() != Method::POST {
        return next.run(request).await;
    }
    let Some(key) = request.headers().get("idempotency-key").cloned() else {
        return next.run(request).await;
    };
    match answer(&kit, &key, request, next).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    }
}

async fn answer(kit: &Kit, key: &HeaderValue, request: Request, next: Next) -> Result<Response, Error> {
    let key = key.to_str().ok().filter(|key| {
        !key.is_empty() && key.len() <= MAX_KEY && key.bytes().all(|byte| byte.is_ascii_graphic())
    });
    let key = key.map(str::to_owned).ok_or_else(|| Error::BadRequest {
        code: "bad-idempotency-key",
        message: format!("Idempotency-Key takes 1 to {MAX_KEY} visible ASCII characters."),
    })?;
    // Public routes of the API have nobody to keep an answer for.
    let token = match request.extensions().get::<Actor>().map(|actor| &actor.via) {
        Some(Via::Token { id, .. }) => *id,
        _ => return Ok(next.run(request).await),
    };
    let (parts, body) = request.into_parts();
    let body = extract::body(Request::from_parts(parts.clone(), body), kit).await?;
    let hash = Sha256::new()
        .chain_update(parts.method.as_str())
        .chain_update(parts.uri.to_string())
        .chain_update(&body)
        .finalize()
        .to_vec();
    match store::claim(kit, (token, &key), &hash, CLAIM).await? {
        Claim::Kept(kept) => match opened(kit, (token, &key), kept) {
            Some(kept) => Ok(again(kept)),
            None => Err(lost()),
        },
        Claim::Running => Err(Error::conflict(
            "idempotency-key-in-use",
            "A request with this Idempotency-Key is still running: wait and repeat it.",
        )),
        Claim::Other => Err(Error::invalid(
            "Idempotency-Key",
            "This key was used for another request: use a new one for each request.",
        )),
        Claim::Lost => Err(lost()),
        Claim::Ours(claim) => {
            let work = next.run(Request::from_parts(parts, Body::from(body)));
            let response = claim.clone().during(work).await;
            keep(kit, &claim, response).await
        }
    }
}

fn lost() -> Error {
    Error::conflict(
        "idempotency-key-done",
        "The request with this Idempotency-Key was done, but its answer is lost: read what it changed.",
    )
}

/// Answers may hold links and tokens that are shown once, which nobody may read out of the database.
fn context((token, key): (TokenId, &str)) -> String {
    format!("idempotency_key|body|{token}|{key}")
}

/// Nothing if its key was forgotten since: the answer is lost then, a day before it would be anyway.
fn opened(kit: &Kit, claim: (TokenId, &str), kept: Kept) -> Option<Kept> {
    let body = kit.keyring.open(&context(claim), &kept.body).ok()?.to_vec();
    Some(Kept { body, ..kept })
}

async fn keep(kit: &Kit, claim: &Once, response: Response) -> Result<Response, Error> {
    let status = response.status();
    let is_final = response.headers().contains_key(header::CONTENT_TYPE) || status.is_success();
    // An error that is drawn further out has no body yet, and repeating the request gives the same error anyway.
    if !is_final || status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
        note(store::release(kit, claim).await);
        return Ok(response);
    }
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(Error::internal)?.to_bytes();
    let text = |name| {
        parts
            .headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let kept = Kept {
        status: i32::from(status.as_u16()),
        content_type: text(header::CONTENT_TYPE),
        location: text(header::LOCATION),
        body: kit.keyring.seal(&context((claim.token, &claim.key)), &body)?,
    };
    note(store::keep(kit, claim, &kept).await);
    Ok(Response::from_parts(parts, Body::from(body)))
}

/// The caller gets the answer all the same; a repetition hears later that it is lost.
fn note(outcome: Result<(), Error>) {
    if let Err(error) = outcome {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "what came of an Idempotency-Key was not kept"
        );
    }
}

fn again(kept: Kept) -> Response {
    let status = u16::try_from(kept.status)
        .ok()
        .and_then(|status| StatusCode::from_u16(status).ok());
    let mut response = (status.unwrap_or(StatusCode::OK), kept.body).into_response();
    let headers = response.headers_mut();
    headers.remove(header::CONTENT_TYPE);
    for (name, value) in [
        (header::CONTENT_TYPE, kept.content_type),
        (header::LOCATION, kept.location),
    ] {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            headers.insert(name, value);
        }
    }
    headers.insert("idempotent-replayed", HeaderValue::from_static("true"));
    response
}
