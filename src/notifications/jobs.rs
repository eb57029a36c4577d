//! The job that sends a mail.

use graphile_worker::WorkerOptions;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::drivers::mailer::{Extra, Mail, MailError};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::fault;
use crate::platform::ids::NotificationId;
use crate::platform::jobs::{IntoTaskHandlerResult, TaskHandler, WorkerContext};
use crate::storage;

use super::TOPIC;
use super::model::{Notification, State};
use super::store;

/// A second run after the mail went sends it again only if the first died before it wrote that down; receivers know both by one
/// id. What was decided is left alone.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct SendMail {
    /// Which.
    pub(super) notification: NotificationId,
}

impl TaskHandler for SendMail {
    const IDENTIFIER: &'static str = "send_mail";

    async fn run(self, ctx: WorkerContext) -> impl IntoTaskHandlerResult {
        let app = ctx
            .get_ext::<App>()
            .cloned()
            .ok_or_else(|| "the worker has no app".to_owned())?;
        let scope = SystemScope::new(app.db.clone(), "notifications");
        work(&app, &scope, self.notification).await
    }
}

/// Adds the job to a worker.
pub fn register(worker: WorkerOptions) -> WorkerOptions {
    worker.define_job::<SendMail>()
}

/// Tries one. An error is for the queue, which runs it again later.
pub(super) async fn work(app: &App, scope: &SystemScope, id: NotificationId) -> Result<(), String> {
    let found = waiting(scope, id).await.map_err(|error| error.to_string())?;
    let Some(found) = found else { return Ok(()) };
    let mail = Mail {
        id: found.id.to_string(),
        to: found.recipient.clone(),
        subject: found.subject.clone(),
        text: found.text.clone(),
        at: found.created_at,
        extra: Extra::default(),
    };
    let outcome = match &app.mailer {
        Some(mailer) => mailer.send(&mail).await,
        None => Err(MailError::NotNow("this panel has no mail server".to_owned())),
    };
    fault::point("notifications.after_send");
    let state = found.after(&outcome);
    keep(app, scope, &found, state, outcome.as_ref().err())
        .await
        .map_err(|error| error.to_string())?;
    match (state, outcome) {
        (State::Waiting, Err(error)) => Err(error.to_string()),
        _ => Ok(()),
    }
}

/// It, if it still has to be sent.
async fn waiting(scope: &SystemScope, id: NotificationId) -> Result<Option<Notification>, Error> {
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
    found: &Notification,
    state: State,
    error: Option<&MailError>,
) -> Result<(), Error> {
    let now = app.now();
    let said = error.map(ToString::to_string);
    let mut tx = scope.begin().await?;
    store::tried(&mut tx, found.id, (state, said.as_deref()), now).await?;
    if let (State::Sent, Some(about)) = (state, found.about) {
        storage::mailed(&mut tx, about, now).await?;
    }
    events::emit(&mut tx, None, TOPIC, Some(found.id.0)).await?;
    tx.commit().await
}
