//! The job that mails somebody what they were paged for.

use chrono::TimeDelta;
use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::drivers::mailer::{Extra, Mail, MailError};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::fault;
use crate::platform::ids::{CallId, UserId};
use crate::platform::jobs::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use crate::platform::secret::OneTimeToken;

use super::TOPIC;
use super::link;
use super::model::{Line, mail};
use super::store;

/// Nobody gets more than a mail in this time.
pub(super) const PACE: TimeDelta = TimeDelta::minutes(1);

/// A second run mails nothing: the first took the person's minute. One that died after it mailed and before it wrote that down is
/// repeated a minute later, with a link of its own; receivers know both by one id unless there was more to tell.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct MailCalls {
    /// Whom.
    pub(super) user: UserId,
}

impl MailCalls {
    /// One for a person waits at a time.
    pub(super) fn key(user: UserId) -> String {
        format!("on-call:{user}")
    }
}

impl TaskHandler for MailCalls {
    const IDENTIFIER: &'static str = "mail_calls";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "on call");
        work(&app, &scope, self.user)
            .await
            .map_err(|error| error.to_string())
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<MailCalls>()
}

/// What is to be mailed, and the link that stands in it.
struct Due {
    to: String,
    lines: Vec<Line>,
    token: OneTimeToken,
}

/// Mails somebody all that they were paged for, unless they were mailed a moment ago. What the server does not take now waits for the
/// next minute.
pub(super) async fn work(app: &App, scope: &SystemScope, user: UserId) -> Result<(), Error> {
    let Some(mailer) = &app.mailer else { return Ok(()) };
    let Some(due) = due(app, scope, user).await? else {
        return Ok(());
    };
    let link = app.config.link(&link::path(due.token.text.expose()));
    let said = mail(&due.lines, &link, |ticket| {
        app.config.link(&format!("/staff/tickets/{ticket}"))
    });
    let newest = due.lines.iter().map(|line| line.id).max();
    let outcome = mailer
        .send(&Mail {
            id: newest.as_ref().map(CallId::to_string).unwrap_or_default(),
            to: due.to,
            subject: said.subject,
            text: said.text,
            at: app.now(),
            extra: Extra::default(),
        })
        .await;
    fault::point("on_call.after_mail");
    let error = outcome.as_ref().err().map(ToString::to_string);
    let state = match outcome {
        Ok(()) => "sent",
        Err(MailError::NotNow(_)) => "waiting",
        Err(MailError::Refused(_)) => "failed",
    };
    let mut tx = scope.begin().await?;
    store::mailed(&mut tx, &due.token.hash, (state, error.as_deref()), app.now()).await?;
    events::emit(&mut tx, None, TOPIC, None).await?;
    tx.commit().await
}

async fn due(app: &App, scope: &SystemScope, user: UserId) -> Result<Option<Due>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let Some((to, _)) = store::address_of(&mut tx, user).await? else {
        store::skip_mails(&mut tx, user).await?;
        tx.commit().await?;
        return Ok(None);
    };
    if store::lines(&mut tx, user).await?.is_empty() || !store::hold(&mut tx, user, (now, now + PACE)).await?
    {
        return Ok(None);
    }
    // Again, under the hold: another may have mailed what was there before.
    let lines = store::lines(&mut tx, user).await?;
    let token = OneTimeToken::generate();
    let calls: Vec<_> = lines.iter().map(|line| line.id).collect();
    store::write_link(&mut tx, &token.hash, user, (now, now + link::WORKS), &calls).await?;
    tx.commit().await?;
    Ok(Some(Due { to, lines, token }))
}
