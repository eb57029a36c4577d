//! The platform's error as a response. The handler's answer carries it in its extensions; one layer draws it, as a page
//! for browsers and as a problem document (RFC 9457) for programs.

use std::sync::Arc;

use askama::Template;
use axum::extract::Request;
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::platform::error::{Error, FieldError};

use super::extract::{Json, local_path};
use super::headers::RequestId;
use super::page::{Ctx, SeeOther};

/// The error that a response stands for.
#[derive(Debug, Clone)]
struct Failed(Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Failed(Arc::new(self)));
        response
    }
}

/// A problem document (RFC 9457). `code` is stable; the words are for people and may change.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(super) struct Problem {
    /// Where the problem is described.
    #[schema(example = "/help/api#limit-reached")]
    r#type: String,
    /// What went wrong, in a sentence.
    title: String,
    /// The HTTP status.
    status: u16,
    /// The stable slug.
    #[schema(example = "limit-reached")]
    code: String,
    /// The request's id, for support.
    request_id: String,
    /// The fields that are wrong.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
    /// What is allowed, where a limit was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    limit: Option<i64>,
    /// What is used, where a limit was reached.
    #[serde(skip_serializing_if = "Option::is_none")]
    used: Option<i64>,
}

#[derive(Template)]
#[template(path = "errors/error.html")]
struct ErrorPage {
    ctx: Ctx,
    status: u16,
    title: &'static str,
    text: String,
    advice: &'static str,
}

/// Draws the errors of everything inside it.
pub async fn draw_errors(request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let is_get = request.method() == axum::http::Method::GET;
    let target = if is_get {
        request.uri().path_and_query().map(ToString::to_string)
    } else {
        referring(request.headers())
    };
    let ctx = Ctx::plain(request.extensions(), request.uri().path());
    let request_id = RequestId::of(request.extensions());
    let mut response = next.run(request).await;
    let Some(error) = failure(&mut response) else {
        return response;
    };
    if error.status() >= 500 {
        tracing::error!(
            request_id,
            error = &*error as &dyn std::error::Error,
            "request failed"
        );
    }
    let mut drawn = match &*error {
        _ if is_api => problem(&error, request_id),
        Error::SignInRequired => sign_in(target.as_deref().unwrap_or("/"), is_get),
        _ => page(&error, ctx),
    };
    // What the inside said about itself (Allow, for one) stays; the body is ours.
    let kept: Vec<_> = response
        .headers()
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for (name, value) in kept {
        if !drawn.headers().contains_key(&name) && name != header::CONTENT_LENGTH {
            drawn.headers_mut().insert(name, value);
        }
    }
    if let Error::TooMany { retry_after } = &*error {
        let seconds = retry_after.as_secs_f64().ceil();
        if let Ok(value) = HeaderValue::from_str(&format!("{seconds:.0}")) {
            drawn.headers_mut().insert(header::RETRY_AFTER, value);
        }
    }
    drawn
}

/// The error that a response stands for: ours, or one that a library answered with a bare status.
fn failure(response: &mut Response) -> Option<Arc<Error>> {
    if let Some(Failed(error)) = response.extensions_mut().remove::<Failed>() {
        return Some(error);
    }
    if response.headers().contains_key(header::CONTENT_TYPE)
        && !response.headers()[header::CONTENT_TYPE]
            .as_bytes()
            .starts_with(b"text/plain")
    {
        return None;
    }
    let error = match response.status().as_u16() {
        404 => Error::NotFound,
        405 => Error::MethodNotAllowed,
        413 => Error::TooLarge,
        503 => Error::Unavailable("the request took too long".into()),
        500.. => Error::internal(format!("bare status {}", response.status())),
        400..=499 => Error::BadRequest {
            code: "bad-request",
            message: "The request can't be understood.".to_owned(),
        },
        _ => return None,
    };
    Some(Arc::new(error))
}

fn problem(error: &Error, request_id: String) -> Response {
    let (limit, used) = match error {
        Error::LimitReached { limit, used, .. } => (Some(*limit), Some(*used)),
        _ => (None, None),
    };
    let errors = match error {
        Error::Invalid(errors) => errors.0.clone(),
        _ => Vec::new(),
    };
    let body = Problem {
        r#type: format!("/help/api#{}", error.code()),
        title: error.sentence(),
        status: error.status(),
        code: error.code().to_owned(),
        request_id,
        errors,
        limit,
        used,
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = (status, Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/problem+json"),
    );
    if matches!(error, Error::SignInRequired) {
        headers.insert(
            header::WWW_AUTHENTICATE,
            HeaderValue::from_static("Bearer realm=\"berth\""),
        );
    }
    response
}

/// The page of this site whose button was pressed: the path in `Referer`, whatever host stands before it.
fn referring(headers: &HeaderMap) -> Option<String> {
    let page: Uri = headers.get(header::REFERER)?.to_str().ok()?.parse().ok()?;
    local_path(page.path_and_query()?.as_str()).map(str::to_owned)
}

fn sign_in(target: &str, is_get: bool) -> Response {
    let query = serde_html_form::to_string([("next", target)]).unwrap_or_default();
    let to = SeeOther::to(if target == "/" {
        "/sign-in".to_owned()
    } else {
        format!("/sign-in?{query}")
    });
    if is_get {
        to.into_response()
    } else {
        to.info("You were signed out, so nothing was done. Sign in, and do it again.")
            .into_response()
    }
}

fn page(error: &Error, ctx: Ctx) -> Response {
    let (title, advice) = words(error);
    let page = ErrorPage {
        ctx,
        status: error.status(),
        title,
        text: error.sentence(),
        advice,
    };
    let status = StatusCode::from_u16(error.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    match page.render() {
        Ok(html) => (status, axum::response::Html(html)).into_response(),
        Err(error) => {
            tracing::error!(%error, "the error page can't be drawn");
            (status, title).into_response()
        }
    }
}

/// Title and what to do next.
fn words(error: &Error) -> (&'static str, &'static str) {
    match error {
        Error::SignInRequired => ("Sign in first", "Sign in and try again."),
        Error::Forbidden => (
            "Not allowed",
            "Ask an owner of the organisation to do it or to change your role.",
        ),
        Error::CrossOrigin => ("Request refused", "Go back, reload the page and try again."),
        Error::Suspended { .. } => (
            "Suspended",
            "You can still look at everything. Ask your provider.",
        ),
        Error::NotFound => (
            "Not found",
            "Check the address. It may have been deleted, or belong to somebody else.",
        ),
        Error::MethodNotAllowed => ("Not possible here", "Go back and use the page's own buttons."),
        Error::Invalid(_) => ("Some fields need attention", "Go back and correct them."),
        Error::BadRequest { .. } | Error::UnsupportedMediaType { .. } => (
            "Request not understood",
            "Go back, reload the page and try again.",
        ),
        Error::TooLarge => ("Too large", "Send less at once."),
        Error::Conflict { .. } => (
            "Not possible now",
            "Go back, reload the page and look at the present state.",
        ),
        Error::PreconditionFailed => (
            "Changed meanwhile",
            "Somebody else changed it. Go back, reload and try again.",
        ),
        Error::LimitReached { .. } => (
            "Limit reached",
            "Delete what is no longer needed, or ask your provider for a larger plan.",
        ),
        Error::TooMany { .. } => ("Too many requests", "Wait a moment and try again."),
        Error::Unavailable(_) => (
            "Temporarily unavailable",
            "Servers keep running. Try again in a moment; nothing was lost.",
        ),
        Error::Internal(_) => (
            "Something went wrong",
            "It was logged. Tell your provider the request id below.",
        ),
    }
}

/// What `tower_http::csrf` answers for a request of another site.
pub fn refuse_cross_origin(_error: tower_http::csrf::ProtectionError) -> Response {
    Error::CrossOrigin.into_response()
}
