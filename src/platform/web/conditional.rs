//! Conditional updates and long work: `ETag`, `If-Match` (RFC 9110, 13.1.1) and 202 with an operation.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use crate::platform::access::Side;
use crate::platform::error::Error;
use crate::platform::ids::OperationId;

/// The version that a caller wants to change; without the header, whatever is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IfMatch(Option<Vec<String>>);

impl IfMatch {
    /// Refuses with 412 if the caller has seen another version than `version`.
    pub fn check(&self, version: i64) -> Result<(), Error> {
        match &self.0 {
            Some(tags) if !tags.iter().any(|tag| tag == "*" || *tag == etag(version)) => {
                Err(Error::PreconditionFailed)
            }
            _ => Ok(()),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let Some(value) = parts.headers.get(header::IF_MATCH) else {
            return Ok(Self(None));
        };
        let bad = || Error::BadRequest {
            code: "bad-if-match",
            message: "If-Match can't be read.".to_owned(),
        };
        let text = value.to_str().map_err(|_| bad())?;
        Ok(Self(Some(
            text.split(',').map(|tag| tag.trim().to_owned()).collect(),
        )))
    }
}

fn etag(version: i64) -> String {
    format!("\"{version}\"")
}

/// An answer with its version as `ETag`.
#[derive(Debug, Clone)]
pub struct Tagged<T>(pub i64, pub T);

impl<T: IntoResponse> IntoResponse for Tagged<T> {
    fn into_response(self) -> Response {
        let mut response = self.1.into_response();
        if let Ok(value) = HeaderValue::from_str(&etag(self.0)) {
            response.headers_mut().insert(header::ETAG, value);
        }
        response
    }
}

/// 202: the work was accepted, and this operation tells how it goes: at an address that whoever asked may read.
#[derive(Debug, Clone)]
pub struct Accepted<T>(pub Side, pub OperationId, pub T);

impl<T: IntoResponse> IntoResponse for Accepted<T> {
    fn into_response(self) -> Response {
        let mut response = (StatusCode::ACCEPTED, self.2).into_response();
        let base = match self.0 {
            Side::Staff => "/api/v1/staff/operations",
            Side::Tenant | Side::Own => "/api/v1/operations",
        };
        if let Ok(value) = HeaderValue::from_str(&format!("{base}/{}", self.1)) {
            response.headers_mut().insert(header::LOCATION, value);
        }
        response
    }
}
