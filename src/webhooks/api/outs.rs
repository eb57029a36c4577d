//! What programs read of webhooks. A secret is among it once, when it was made.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::ids::{TenantId, WebhookDeliveryId, WebhookId};
use crate::platform::secret::Secret;

use super::super::model::{Delivery, How, State, Webhook};

/// An address that is told what happens.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookOut {
    /// Its id.
    id: WebhookId,
    /// Whose; null for the provider's.
    tenant_id: Option<TenantId>,
    /// The address.
    #[schema(example = "https://hooks.example.com/berth")]
    url: String,
    /// What it is for.
    description: String,
    /// What it is told.
    events: Vec<String>,
    /// How it is.
    state: How,
    /// Since when nothing arrives.
    failing_since: Option<DateTime<Utc>>,
    /// When it was disabled, because nothing arrived for five days.
    disabled_at: Option<DateTime<Utc>>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
}

impl From<Webhook> for WebhookOut {
    fn from(webhook: Webhook) -> Self {
        Self {
            id: webhook.id,
            tenant_id: webhook.tenant,
            state: webhook.how(),
            url: webhook.url,
            description: webhook.description,
            events: webhook.events,
            failing_since: webhook.failing_since,
            disabled_at: webhook.disabled_at,
            created_by: webhook.created_by,
            created_at: webhook.created_at,
        }
    }
}

/// A webhook and its new secret, which is not shown again.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookSecretOut {
    /// The webhook.
    webhook: WebhookOut,
    /// What its messages are signed with, as libraries of Standard Webhooks take it.
    #[schema(example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")]
    secret: String,
}

impl WebhookSecretOut {
    /// Both.
    pub(super) fn new(webhook: Webhook, secret: &Secret) -> Self {
        Self {
            webhook: webhook.into(),
            secret: secret.expose().clone(),
        }
    }
}

/// A message to a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookDeliveryOut {
    /// Its id, which is the header `webhook-id`.
    id: WebhookDeliveryId,
    /// To which webhook.
    webhook_id: WebhookId,
    /// What it tells of.
    #[schema(example = "ticket.opened")]
    event: String,
    /// The message.
    body: String,
    /// What became of it.
    state: State,
    /// How often it was tried.
    attempts: i32,
    /// The status that was answered at the last try.
    status: Option<i32>,
    /// How long that took, in milliseconds.
    took_ms: Option<i32>,
    /// The first 1024 bytes of the answer.
    answer: Option<String>,
    /// Why it was not taken at the last try.
    error: Option<String>,
    /// When that was.
    tried_at: Option<DateTime<Utc>>,
    /// When it was written.
    created_at: DateTime<Utc>,
}

impl From<Delivery> for WebhookDeliveryOut {
    fn from(one: Delivery) -> Self {
        Self {
            id: one.id,
            webhook_id: one.webhook,
            event: one.event,
            body: one.body,
            state: one.state,
            attempts: one.attempts,
            status: one.status,
            took_ms: one.took_ms,
            answer: one.answer,
            error: one.error,
            tried_at: one.tried_at,
            created_at: one.created_at,
        }
    }
}
