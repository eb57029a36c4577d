//! Messages for programs.

use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::MailStepId;
use crate::platform::web::{Json, ListOut, Path, Query};

use super::super::model::{Outcome, sentence};
use super::super::store::{self, Message, Told};
use super::query::{MailMessagesQuery, find};

/// A mail that came, went, or was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailMessageOut {
    /// Its id in the queue; what was refused before it had one has one of its own.
    #[schema(example = "4SfKbW2kQmz9vQx")]
    id: String,
    /// When it was first heard of.
    at: DateTime<Utc>,
    /// When last.
    last_at: DateTime<Utc>,
    /// Its Message-ID, without brackets.
    message_id: Option<String>,
    /// Who sent it; empty for a bounce, null if that is not known.
    #[schema(example = "bob@example.org")]
    sender: Option<String>,
    /// How large it is, in bytes.
    bytes: Option<i64>,
    /// Those of its recipients that are yours, or all of a mail that you sent; at most 50.
    recipients: Vec<String>,
    /// What became of it.
    outcome: Outcome,
}

impl From<Message> for MailMessageOut {
    fn from(one: Message) -> Self {
        Self {
            id: one.queue_id,
            at: one.at,
            last_at: one.last_at,
            message_id: one.message_id,
            sender: one.sender,
            bytes: one.bytes,
            recipients: one.recipients,
            outcome: one.outcome,
        }
    }
}

/// A step of a mail's way.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailStepOut {
    /// Its id.
    id: MailStepId,
    /// When.
    at: DateTime<Utc>,
    /// What happened, in a word.
    #[schema(example = "deferred")]
    kind: &'static str,
    /// Whom it is about; null if it is about the mail as a whole.
    recipient: Option<String>,
    /// What happened, in a sentence.
    #[schema(example = "Put into INBOX of ann@example.com.")]
    text: String,
}

impl From<Told> for MailStepOut {
    fn from(one: Told) -> Self {
        Self {
            id: one.id,
            at: one.at,
            kind: one.step.word(),
            text: sentence(&one.step, one.recipient.as_deref()),
            recipient: one.recipient,
        }
    }
}

/// A mail with its story.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailStoryOut {
    #[serde(flatten)]
    message: MailMessageOut,
    /// What happened to it, in its order.
    steps: Vec<MailStepOut>,
}

/// List messages
///
/// Mail of the last 30 days that came to your domains, was sent by your mailboxes, or was refused, the newest first.
#[utoipa::path(get, path = "/api/v1/mail/messages", tag = "mail", params(MailMessagesQuery),
    responses((status = 200, description = "A page of messages", body = ListOut<MailMessageOut>)))]
pub async fn list(scope: TenantScope, Query(query): Query<MailMessagesQuery>) -> Result<Response, Error> {
    let listing = find(&scope, &query).await?;
    Ok(listing.map(MailMessageOut::from).json(&query))
}

/// Trace a message
///
/// What happened to it, step by step, as far as it concerns your recipients; all of it if you sent it.
#[utoipa::path(get, path = "/api/v1/mail/messages/{message}", tag = "mail",
    params(("message" = String, Path, description = "Its id in the queue")),
    responses((status = 200, description = "Its story", body = MailStoryOut)))]
pub async fn show(scope: TenantScope, Path(id): Path<String>) -> Result<Json<MailStoryOut>, Error> {
    let mut tx = scope.begin().await?;
    let message = store::find(&mut tx, &id).await?.into();
    let steps = store::steps(&mut tx, &id).await?;
    let steps = steps.into_iter().map(MailStepOut::from).collect();
    Ok(Json(MailStoryOut { message, steps }))
}
