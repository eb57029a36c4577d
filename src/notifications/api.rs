//! Notifications for programs of staff.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{NotificationId, TenantId};
use crate::platform::web::{Json, ListOut, ListQuery, Path, Query};

use super::actions;
use super::model::{Notification, State as How};
use super::pages::listing;

/// A mail to somebody.
#[derive(Debug, Serialize, ToSchema)]
pub struct NotificationOut {
    /// Its id.
    id: NotificationId,
    /// Whom it concerns.
    tenant: Option<TenantId>,
    /// The address.
    recipient: String,
    /// The line.
    subject: String,
    /// The text.
    text: String,
    /// How it is.
    state: How,
    /// How often it was tried.
    attempts: i32,
    /// Why it did not go at the last try.
    error: Option<String>,
    /// When it was written.
    created_at: DateTime<Utc>,
    /// When the mail server took it.
    sent_at: Option<DateTime<Utc>>,
}

impl From<Notification> for NotificationOut {
    fn from(one: Notification) -> Self {
        Self {
            id: one.id,
            tenant: one.tenant.map(|(tenant, _)| tenant),
            recipient: one.recipient,
            subject: one.subject,
            text: one.text,
            state: one.state,
            attempts: one.attempts,
            error: one.error,
            created_at: one.created_at,
            sent_at: one.sent_at,
        }
    }
}

fn accepted(one: Notification) -> Response {
    (StatusCode::ACCEPTED, Json(NotificationOut::from(one))).into_response()
}

/// List notifications
///
/// Mail of the last 90 days, the newest first. `q` is found in the address, the subject and the tenant's name; `sort` is
/// `-created` or nothing.
#[utoipa::path(get, path = "/api/v1/staff/notifications", tag = "staff", params(ListQuery),
    responses((status = 200, description = "A page of them", body = ListOut<NotificationOut>)))]
pub async fn list(scope: StaffScope, Query(query): Query<ListQuery>) -> Result<Response, Error> {
    let listing = listing(&scope, &query).await?;
    Ok(listing.map(NotificationOut::from).json(&query))
}

/// Send a test mail
///
/// To the address of whoever asks.
#[utoipa::path(post, path = "/api/v1/staff/notifications/test", tag = "staff",
    responses((status = 202, description = "The mail, which is yet to be sent", body = NotificationOut)))]
pub async fn test(State(app): State<App>, scope: StaffScope) -> Result<Response, Error> {
    Ok(accepted(actions::test(&app, &scope).await?))
}

/// Send a mail again
///
/// One that has failed.
#[utoipa::path(post, path = "/api/v1/staff/notifications/{notification}/retry", tag = "staff",
    params(("notification" = NotificationId, Path)),
    responses((status = 202, description = "The mail, which is yet to be sent", body = NotificationOut)))]
pub async fn retry(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<NotificationId>,
) -> Result<Response, Error> {
    Ok(accepted(actions::retry(&app, &scope, id).await?))
}
