//! The job that tells the other parts what happened in a ticket: the SLA's clocks, who is on call, webhooks, mail.
//!
//! It takes the entries that no part was told of and tells them all in one transaction, which ends the entries' newness. A panel
//! that dies in between begins anew with the same entries, and each part leaves what it finds already done.

use chrono::TimeDelta;
use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::fault;
use crate::platform::ids::TicketId;
use crate::platform::jobs::{self, IntoTaskHandlerResult, TaskHandler, WorkerContext};
use crate::{on_call, sla, ticket_mail, webhooks};

use super::store;

/// Whoever has not been told by then waits for a job that was given up.
const LATE: TimeDelta = TimeDelta::minutes(2);
/// As many are begun anew in one go.
const BATCH: i64 = 1_000;

/// A second run finds no new entries, and tells nobody anything.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FollowTicket {
    /// Which.
    pub(super) ticket: TicketId,
}

impl TaskHandler for FollowTicket {
    const IDENTIFIER: &'static str = "follow_ticket";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "tickets");
        follow(&app, &scope, self.ticket)
            .await
            .map_err(|error| error.to_string())
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<FollowTicket>()
}

/// Has the other parts told, when and only if the transaction commits. A job that waits already is enough.
pub(super) async fn enqueue(tx: &mut impl Scoped, ticket: TicketId) -> Result<(), Error> {
    jobs::enqueue(tx, &FollowTicket { ticket }, None, &ticket.to_string()).await
}

/// Has the other parts told of what they should have been told of long ago: the queue gives a job up that failed too often. Says
/// of how many tickets. Harmless twice: a job that waits is replaced.
pub async fn follow_again(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let mut count = 0;
    for ticket in store::unfollowed(&mut tx, app.now() - LATE, BATCH).await? {
        enqueue(&mut tx, ticket).await?;
        count += 1;
    }
    tx.commit().await?;
    Ok(count)
}

/// Tells the other parts. The ticket's lock lets two runs wait for each other.
pub(super) async fn follow(app: &App, scope: &SystemScope, id: TicketId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let ticket = match store::lock(&mut tx, id).await {
        // Its tenant was erased since.
        Err(Error::NotFound) => return Ok(()),
        other => other?,
    };
    let events = store::take_events(&mut tx, id).await?;
    if events.is_empty() {
        return Ok(());
    }
    sla::ticket_changed(app, &mut tx, &ticket, &events).await?;
    on_call::ticket_changed(app, &mut tx, &ticket, &events).await?;
    webhooks::ticket_changed(app, &mut tx, &ticket, &events).await?;
    ticket_mail::ticket_changed(app, &mut tx, &ticket, &events).await?;
    fault::point("tickets.before_followed");
    tx.commit().await
}
