//! Looking into the inbox, again and again. Several panels may look into one: each mail is taken by whoever comes first.

use std::time::Duration;

use crate::app::App;
use crate::drivers::inbox::{Inbox, InboxError};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;

use super::model::MOST_READ;
use super::take::take;
use super::{key, store};

/// From look to look.
const PERIOD: Duration = Duration::from_secs(15);
/// The longest that is waited for an inbox that fails.
const LONGEST: Duration = Duration::from_mins(5);
/// So many mails are taken in one look.
const BATCH: usize = 50;

/// Why a look ended early.
#[derive(Debug, thiserror::Error)]
pub(super) enum LookError {
    /// The inbox.
    #[error(transparent)]
    Inbox(#[from] InboxError),
    /// The database.
    #[error(transparent)]
    Database(#[from] Error),
}

/// Looks into the inbox in the background of this process, if there is one.
pub fn begin(app: &App) {
    if app.inbox.is_none() {
        return;
    }
    let (app, tasks) = (app.clone(), app.tasks.clone());
    let work = async move {
        let mut wait = PERIOD;
        loop {
            let looked = async {
                tokio::time::sleep(wait).await;
                look(&app).await
            };
            let outcome = tokio::select! {
                () = app.tasks.stopping() => return,
                outcome = looked => outcome,
            };
            wait = match outcome {
                Ok(()) => PERIOD,
                Err(error) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "looking for mail for tickets failed"
                    );
                    LONGEST.min(wait * 2)
                }
            };
        }
    };
    tasks.spawn(work);
}

/// Takes what is new, and writes down how that went.
pub(super) async fn look(app: &App) -> Result<(), LookError> {
    let Some(inbox) = &app.inbox else { return Ok(()) };
    let scope = SystemScope::new(app.db.clone(), "ticket mail");
    let outcome = take_all(app, &scope, &**inbox).await;
    let said = outcome.as_ref().err().map(ToString::to_string);
    let mut tx = scope.begin().await?;
    store::looked(&mut tx, app.now(), said.as_deref()).await?;
    tx.commit().await?;
    outcome
}

/// One after another. One that fails holds up no other, and is tried again at the next look.
async fn take_all(app: &App, scope: &SystemScope, inbox: &dyn Inbox) -> Result<(), LookError> {
    let Some(desk) = key::desk(app) else { return Ok(()) };
    let mut failed = None;
    for mail in inbox.new_mails(BATCH).await? {
        let Some(raw) = inbox.fetch(mail, MOST_READ).await? else {
            continue;
        };
        match Box::pin(take(app, scope, &desk, (mail, raw))).await {
            Ok(()) => {
                inbox.mark_done(mail).await?;
            }
            Err(error) => failed = Some(error),
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}
