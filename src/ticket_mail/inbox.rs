//! Looking into the inbox, again and again. Several panels may look into one: each mail is taken by whoever comes first.

use std::time::Duration;

use crate::app::App;
use crate::drivers::inbox::{Inbox, InboxError, MailKey};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::InboundMailId;

use super::model::{Desk, MOST_READ, Outcome, TRIES, unreadable};
use super::take::take;
use super::{TOPIC, key, store};

/// From look to look, where the inbox does not tell of new mail by itself.
const PERIOD: Duration = Duration::from_secs(15);
/// So long the inbox is asked to tell. RFC 2177 wants it to be asked anew within 29 minutes; a connection that broke without a word is
/// found out sooner this way.
const TOLD: Duration = Duration::from_mins(5);
/// Between two looks in any case: what comes in a row is taken together, and a server that tells too often is no reason to hurry.
const PAUSE: Duration = Duration::from_secs(1);
/// The longest that is waited for an inbox that fails.
const LONGEST: Duration = Duration::from_mins(5);
/// So many mails are asked for in one go.
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
    let Some(inbox) = app.inbox.clone() else { return };
    let (app, tasks) = (app.clone(), app.tasks.clone());
    let work = async move {
        let mut wait = PERIOD;
        loop {
            let turn = async {
                let outcome = look(&app).await;
                match &outcome {
                    Ok(()) => rest(&*inbox).await,
                    Err(error) => {
                        tracing::warn!(
                            error = error as &dyn std::error::Error,
                            "looking for mail for tickets failed"
                        );
                        tokio::time::sleep(wait).await;
                    }
                }
                outcome.is_ok()
            };
            let went_well = tokio::select! {
                () = app.tasks.stopping() => return,
                went_well = turn => went_well,
            };
            wait = if went_well { PERIOD } else { LONGEST.min(wait * 2) };
        }
    };
    tasks.spawn(work);
}

/// Waits until it is time to look again: the inbox tells, or the clock where it can't.
async fn rest(inbox: &dyn Inbox) {
    let pause = match inbox.wait(TOLD).await {
        Ok(true) => PAUSE,
        Ok(false) => PERIOD,
        Err(error) => {
            tracing::debug!(
                error = &error as &dyn std::error::Error,
                "the inbox of tickets does not tell of new mail"
            );
            PERIOD
        }
    };
    tokio::time::sleep(pause).await;
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

/// One after another, to the last: one with which something is wrong holds up none behind it.
async fn take_all(app: &App, scope: &SystemScope, inbox: &dyn Inbox) -> Result<(), LookError> {
    let Some(desk) = key::desk(app) else { return Ok(()) };
    let (mut after, mut failed) = (0, None);
    loop {
        let batch = inbox.new_mails(after, BATCH).await?;
        for mail in &batch {
            failed = take_one(app, scope, inbox, &desk, *mail).await?.or(failed);
        }
        match batch.last() {
            Some(last) if batch.len() >= BATCH => after = last.uid,
            _ => return failed.map_or(Ok(()), Err),
        }
    }
}

/// Takes one and marks it. One that can't be taken is tried again at the next looks, and put aside in the end. Says what is wrong with
/// it; an error is one that the next would meet, too.
async fn take_one(
    app: &App,
    scope: &SystemScope,
    inbox: &dyn Inbox,
    desk: &Desk,
    key: MailKey,
) -> Result<Option<LookError>, LookError> {
    let taken = match inbox.fetch(key, MOST_READ).await {
        Ok(None) => return Ok(None),
        Ok(Some(raw)) => Box::pin(take(app, scope, desk, (key, raw)))
            .await
            .map_err(LookError::from),
        Err(error) => Err(LookError::from(error)),
    };
    let Err(error) = taken else {
        return of_one(inbox.mark_done(key).await.map_err(LookError::from));
    };
    tracing::warn!(
        error = &error as &dyn std::error::Error,
        uid = key.uid,
        "a mail for tickets can't be taken"
    );
    if put_aside(app, scope, key, &error).await? {
        return of_one(inbox.put_aside(key).await.map_err(LookError::from));
    }
    of_one(Err(error))
}

/// What is wrong with one mail, unless it is the connection.
fn of_one(outcome: Result<(), LookError>) -> Result<Option<LookError>, LookError> {
    match outcome {
        Err(error @ LookError::Inbox(InboxError::Away(_))) => Err(error),
        outcome => Ok(outcome.err()),
    }
}

/// Notes that one could not be taken. After some tries it is written down for staff, who find it in the inbox. Says whether it is.
async fn put_aside(app: &App, scope: &SystemScope, key: MailKey, error: &LookError) -> Result<bool, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let is_last = store::failed(&mut tx, key, now).await? >= TRIES;
    let id = InboundMailId::new(&*app.ids, now);
    if is_last && store::enter(&mut tx, id, key, &unreadable(key), now).await? {
        let why =
            format!("It could not be taken ({error}). It is flagged in the inbox, and the log says more.");
        store::became(&mut tx, id, (Outcome::Aside, &why, None)).await?;
        events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    }
    tx.commit().await?;
    Ok(is_last)
}
