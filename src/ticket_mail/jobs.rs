//! The job that sends a mail of a ticket.

use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::drivers::mailer::{Extra, Mail, MailError};
use crate::platform::access::SystemScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::OutboundMailId;
use crate::platform::jobs::{self, IntoTaskHandlerResult, TaskHandler, WorkerContext};

use super::TOPIC;
use super::model::{OURS, Outgoing, State, bare};
use super::store;

/// Mails go one after another, so that a server that is away holds up no other work.
const QUEUE: &str = "ticket mail";

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
    let Some(mailer) = &app.mailer else {
        return Err("this panel has no mail server".to_owned());
    };
    let found = waiting(scope, id).await.map_err(|error| error.to_string())?;
    let Some(found) = found else { return Ok(()) };
    let outcome = mailer.send(&mail(&found, &mailer.sender())).await;
    let state = found.after(&outcome);
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
    let said = error.map(ToString::to_string);
    let mut tx = scope.begin().await?;
    store::tried(&mut tx, id, (state, said.as_deref()), app.now()).await?;
    events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    tx.commit().await
}
