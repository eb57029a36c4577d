//! The job and its schedule.

use anyhow::Context as _;
use chrono::TimeDelta;
use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::jobs::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use crate::platform::{events, web};
use crate::{
    accounts, drills, exit, guests, mail, monitoring, notifications, on_call, servers, shares, tenants,
    ticket_mail, tickets, webhooks,
};

/// Every quarter of an hour.
const SCHEDULE: &str = "*/15 * * * * housekeeping";
/// Live pages catch up from the outbox; who was away longer loads the page anew.
const EVENTS_KEPT: TimeDelta = TimeDelta::days(1);
/// How long a POST may be repeated with its key.
const KEYS_KEPT: TimeDelta = TimeDelta::days(1);

/// Running it twice forgets nothing twice. Without braces: what a schedule puts into the queue carries null.
#[derive(Debug, Serialize, Deserialize)]
struct Housekeeping;

impl TaskHandler for Housekeeping {
    const IDENTIFIER: &'static str = "housekeeping";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "housekeeping");
        let parts = [
            ("events", forget_events(&app, &scope).await),
            ("idempotency keys", forget_keys(&app, &scope).await),
            ("accounts", accounts::clean_up(&app, &scope).await),
            (
                "sessions of mailboxes",
                mail::forget_mailbox_sessions(&app, &scope).await,
            ),
            ("webmail", mail::forget_webmail(&app, &scope).await),
            ("ended guests", guests::clean_up(&app, &scope).await),
            ("notifications", notifications::clean_up(&app, &scope).await),
            ("links of pages", on_call::clean_up(&app, &scope).await),
            ("what webhooks were told", webhooks::clean_up(&app, &scope).await),
            ("drills", drills::clean_up(&app, &scope).await),
            ("uses of shares", shares::clean_up(&app, &scope).await),
            ("mail imports", mail::clean_up_imports(&app, &scope).await),
            ("ways of mail", mail::clean_up_flow(&app, &scope).await),
            ("archives", exit::clean_up(&app, &scope).await),
            (
                "what checks found",
                monitoring::checks::clean_up(&app, &scope).await,
            ),
            (
                "incidents of last year",
                monitoring::incidents::clean_up(&app, &scope).await,
            ),
            ("lost consoles", servers::end_lost_consoles(&app, &scope).await),
            ("tickets to be told of", tickets::follow_again(&app, &scope).await),
            ("resolved tickets", tickets::close_resolved(&app, &scope).await),
            ("mail of tickets", ticket_mail::clean_up(&app, &scope).await),
            ("closed tenants", tenants::purge_closed(&app, &scope).await),
        ];
        let failed: Vec<String> = parts
            .into_iter()
            .filter_map(|(part, outcome)| match outcome {
                Ok(count) => {
                    tracing::debug!(part, count, "tidied");
                    None
                }
                Err(error) => Some(format!("{part}: {error}")),
            })
            .collect();
        if failed.is_empty() {
            Ok(())
        } else {
            Err(failed.join("; "))
        }
    }
}

async fn forget_events(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = events::purge(&mut tx, app.now() - EVENTS_KEPT).await?;
    tx.commit().await?;
    Ok(count)
}

async fn forget_keys(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = web::purge_idempotency_keys(&mut tx, app.now() - KEYS_KEPT).await?;
    tx.commit().await?;
    Ok(count)
}

/// Adds the job and its schedule to a worker.
pub fn register(worker: WorkerOptions) -> anyhow::Result<WorkerOptions> {
    worker
        .define_job::<Housekeeping>()
        .with_cron(SCHEDULE)
        .context("the schedule of housekeeping")
}

#[cfg(test)]
mod tests {
    use super::Housekeeping;

    #[test]
    fn it_is_what_a_schedule_puts_into_the_queue() {
        let carried = serde_json::Value::Null;
        assert!(serde_json::from_value::<Housekeeping>(carried).is_ok());
    }
}
