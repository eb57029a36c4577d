//! The platform's error as a response. The handler's answer carries it in the extensions; the router's layer draws it.

use std::sync::Arc;

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use crate::platform::error::Error;

/// The error that a response stands for.
#[derive(Debug, Clone)]
pub(super) struct Failed(pub(super) Arc<Error>);

impl IntoResponse for Error {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = status.into_response();
        response.extensions_mut().insert(Failed(Arc::new(self)));
        response
    }
}
