//! The job that sends a message.

use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::ids::{WebhookDeliveryId, WebhookId};
use crate::platform::jobs::{IntoTaskHandlerResult, TaskHandler, WorkerContext};

use super::send;

/// A second run of a message that was delivered sends nothing. One that died after it sent and before it wrote that down is repeated;
/// receivers know both by one id, as Standard Webhooks asks of them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SendDelivery {
    /// Which.
    pub(super) delivery: WebhookDeliveryId,
}

/// Messages of a queue go one after another, and each webhook has its own: one that answers slowly takes one worker for as long as
/// [`send`] waits for it, and holds up no message but its own.
pub(super) fn queue(webhook: WebhookId) -> String {
    format!("webhook {webhook}")
}

impl TaskHandler for SendDelivery {
    const IDENTIFIER: &'static str = "send_delivery";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "webhooks");
        send::work(&app, &scope, self.delivery).await
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<SendDelivery>()
}
