//! Tenants, plans and members as JSON.

pub(super) mod invitations;
pub(super) mod members;
mod outs;
pub(super) mod plans;
pub(super) mod staff;
pub(super) mod tenant;

use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use crate::platform::web::{Json, Tagged};

/// 201 with the address of what was made, its version and what it is.
fn created(path: &str, version: i64, body: impl Serialize) -> Response {
    (
        StatusCode::CREATED,
        [(header::LOCATION, path.to_owned())],
        Tagged(version, Json(body)),
    )
        .into_response()
}
