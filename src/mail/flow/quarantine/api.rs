//! The quarantine for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::drivers::mail::{QueueAct, QueueId, Queued};
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{ListOut, ListQuery, Path, Query};

use super::actions;

/// A mail that is held.
#[derive(Debug, Serialize, ToSchema)]
pub struct HeldMailOut {
    /// Its id in the queue, by which it can be traced, too.
    #[schema(example = "4SfKbW2kQmz9vQx")]
    id: String,
    /// Who sent it; empty for a bounce.
    #[schema(example = "bob@example.org")]
    sender: String,
    /// Whom it is for.
    recipients: Vec<String>,
    /// Since when.
    arrived_at: DateTime<Utc>,
    /// How large it is.
    bytes: i64,
}

impl From<Queued> for HeldMailOut {
    fn from(one: Queued) -> Self {
        Self {
            id: one.id.as_str().to_owned(),
            sender: one.sender,
            recipients: one
                .recipients
                .into_iter()
                .map(|waiting| waiting.address)
                .collect(),
            arrived_at: one.arrived,
            bytes: one.bytes,
        }
    }
}

/// List held mail
///
/// Mail that is spam beyond doubt, or that your provider keeps, as far as it is for your people alone; the newest first. `sort` is
/// `-arrived` or nothing.
#[utoipa::path(get, path = "/api/v1/mail/quarantine", tag = "mail", params(ListQuery),
    responses((status = 200, description = "A page of mails", body = ListOut<HeldMailOut>)))]
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let listing = actions::list(&app, &scope, &query).await?;
    Ok(listing.map(HeldMailOut::from).json(&query))
}

async fn decide(app: &App, scope: &TenantScope, text: &str, act: QueueAct) -> Result<StatusCode, Error> {
    let id = QueueId::parse(text).ok_or(Error::NotFound)?;
    actions::decide(app, scope, &id, act).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Release held mail
///
/// It goes on to its recipients.
#[utoipa::path(post, path = "/api/v1/mail/quarantine/{held}/release", tag = "mail",
    params(("held" = String, Path, description = "Its id in the queue")),
    responses((status = 204, description = "It goes on")))]
pub async fn release(
    State(app): State<App>,
    scope: TenantScope,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    decide(&app, &scope, &text, QueueAct::Release).await
}

/// Delete held mail
///
/// Nobody is told.
#[utoipa::path(delete, path = "/api/v1/mail/quarantine/{held}", tag = "mail",
    params(("held" = String, Path, description = "Its id in the queue")),
    responses((status = 204, description = "It is gone")))]
pub async fn delete(
    State(app): State<App>,
    scope: TenantScope,
    Path(text): Path<String>,
) -> Result<StatusCode, Error> {
    decide(&app, &scope, &text, QueueAct::Delete).await
}
