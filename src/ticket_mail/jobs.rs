//! The job that sends a mail of a ticket.

use chrono::{DateTime, TimeDelta, Utc};
use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::drivers::mailer::{Extra, Mail, MailError};
use crate::platform::access::SystemScope;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::fault;
use crate::platform::ids::OutboundMailId;
use crate::platform::jobs::{self, IntoTaskHandlerResult, TaskHandler, WorkerContext};

use super::TOPIC;
use super::model::{OURS, Outgoing, State, bare};
use super::store;

/// Mails go one after another, so that a server that is away holds up no other work.
const QUEUE: &str = "ticket mail";
/// What was not tried for so long is tried again by the clock.
const LATE: TimeDelta = TimeDelta::minutes(30);
/// What was tried a moment ago is left alone though the server takes others: it may want that (RFC 6647).
const RESTED: TimeDelta = TimeDelta::minutes(5);
/// As many are begun anew in one go.
const BATCH: i64 = 100;

/// A second run after the mail went sends it again only if the first died before it wrote that down; receivers know both by one
/// id. What was decided is left alone.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SendTicketMail {
    /// Which.
    pub(super) mail: OutboundMailId,
}

impl TaskHandler for SendTicketMail {
    const IDENTIFIER: &'static str = "send_ticket_mail";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "ticket mail");
        work(&app, &scope, self.mail).await
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<SendTicketMail>()
}

/// Has a mail sent, when and only if the transaction commits.
pub(super) async fn enqueue(tx: &mut impl Scoped, mail: OutboundMailId) -> Result<(), Error> {
    jobs::enqueue(tx, &SendTicketMail { mail }, Some(QUEUE), &mail.to_string()).await?;
    events::emit(tx, None, TOPIC, Some(mail.0)).await
}

/// Tries one. An error is for the queue, which runs it again later.
pub(super) async fn work(app: &App, scope: &SystemScope, id: OutboundMailId) -> Result<(), String> {
    let found = waiting(scope, id).await.map_err(|error| error.to_string())?;
    let Some(found) = found else { return Ok(()) };
    let outcome = match &app.mailer {
        Some(mailer) => mailer.send(&mail(&found, &mailer.sender())).await,
        None => Err(MailError::NotNow("this panel has no mail server".to_owned())),
    };
    fault::point("ticket_mail.after_send");
    let state = found.after(&outcome, app.now());
    keep(app, scope, (id, state), outcome.as_ref().err())
        .await
        .map_err(|error| error.to_string())?;
    match (state, outcome) {
        (State::Waiting, Err(error)) => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// All mails of a ticket belong to one conversation, whose first mail nobody has; programs sort by its id.
fn mail(found: &Outgoing, sender: &str) -> Mail {
    let sender = bare(sender);
    let domain = sender.rsplit('@').next().unwrap_or_default();
    let root = format!("{}@{domain}", found.ticket.0);
    Mail {
        id: found.id.to_string(),
        to: found.recipient.clone(),
        subject: found.subject.clone(),
        text: found.body.clone(),
        at: found.created_at,
        extra: Extra {
            reply_to: found.reply_to.clone(),
            references: [Some(root), found.answers.clone()]
                .into_iter()
                .flatten()
                .collect(),
            headers: vec![
                (OURS, found.ticket.0.to_string()),
                ("X-Auto-Response-Suppress", "All".to_owned()),
            ],
        },
    }
}

/// It, if it still has to be sent.
async fn waiting(scope: &SystemScope, id: OutboundMailId) -> Result<Option<Outgoing>, Error> {
    let mut tx = scope.begin().await?;
    match store::find(&mut tx, id).await {
        Ok(found) => Ok(Some(found).filter(|found| found.state == State::Waiting)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

async fn keep(
    app: &App,
    scope: &SystemScope,
    (id, state): (OutboundMailId, State),
    error: Option<&MailError>,
) -> Result<(), Error> {
    let (said, now) = (error.map(ToString::to_string), app.now());
    let mut tx = scope.begin().await?;
    store::tried(&mut tx, id, (state, said.as_deref()), now).await?;
    events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    if state == State::Sent {
        // The server is there: what it was away for does not wait until the queue asks again, which may be hours.
        begin_late(&mut tx, now - RESTED, now).await?;
    }
    tx.commit().await
}

async fn begin_late(tx: &mut SystemTx, before: DateTime<Utc>, now: DateTime<Utc>) -> Result<u64, Error> {
    let mut count = 0;
    for mail in store::begin_late(tx, before, now, BATCH).await? {
        enqueue(tx, mail).await?;
        count += 1;
    }
    Ok(count)
}

/// Has what waits tried again that was not tried for a while: the queue waits long after many tries, and gives a job up in the end.
/// Says how many. Harmless twice: a job that waits is replaced, and one that was sent sends nothing.
pub(super) async fn send_late(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let count = begin_late(&mut tx, now - LATE, now).await?;
    tx.commit().await?;
    Ok(count)
}
