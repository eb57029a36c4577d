//! One fetch: the place is found, the mail service is asked, and what it says is written down until it ends.

use chrono::TimeDelta;
use futures_util::StreamExt as _;
use tokio::time::MissedTickBehavior;

use crate::app::App;
use crate::drivers::mail::{
    self, FetchAt, FetchEvent, FetchFailure, FetchReason, MailService, MailServiceError,
};
use crate::drivers::pool::show_size;
use crate::platform::error::Error;
use crate::platform::reconcile::patience;
use crate::platform::secret::Secret;
use crate::platform::{events, fault, operations};

use super::TOPIC;
use super::model::{Fetch, FetchState, Folders, Host, reason, sentence};
use super::place::{self, Nowhere};
use super::reconcile::LEASE;
use super::reseal::context;
use super::store::{self, Claimed};

/// How an operation ends that nobody wants any more.
pub(super) const CANCELLED: &str = "It was cancelled.";
/// What an operation's one step is called.
const STEP: &str = "Fetching the mail";
/// How often it is written down how far a fetch is, and the lease renewed.
const NOTE: std::time::Duration = std::time::Duration::from_secs(2);
/// What fails is tried again after so long at most.
const LONGEST: TimeDelta = TimeDelta::minutes(5);
/// So often before it is given up: about half an hour.
const TRIES: i32 = 12;

/// How a try ended.
enum Ended {
    /// All of it came.
    Done,
    /// It will not come, for this reason: a word, a sentence, and the certificate that was refused.
    Failed(&'static str, String, Option<String>),
    /// It is tried again, for this reason.
    Again(&'static str, String),
    /// Nobody wants it any more.
    Cancelled,
    /// The lease is somebody else's.
    Lost,
}

impl From<MailServiceError> for Ended {
    fn from(error: MailServiceError) -> Self {
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "the mail service does not fetch"
        );
        match error {
            MailServiceError::Away(_) => {
                let words = "The mail service does not answer. It is tried again by itself.";
                Self::Again("away", words.to_owned())
            }
            MailServiceError::Gone => Self::Failed("gone", "The mailbox is no more.".to_owned(), None),
            MailServiceError::Refused(_) => {
                let words = "The mail service can't do it. Ask your provider.";
                Self::Failed("other", words.to_owned(), None)
            }
        }
    }
}

/// Does what was claimed. Says whether it is over.
pub(super) async fn one(app: &App, mail: &dyn MailService, claimed: &Claimed) -> Result<bool, Error> {
    let mut tx = app.db.system().await?;
    let Some((fetch, sealed)) = store::loaded(&mut tx, claimed).await? else {
        return Ok(true);
    };
    operations::begin(&mut tx, fetch.operation, app.now()).await?;
    operations::begin_step(&mut tx, fetch.id.0, STEP, app.now()).await?;
    events::emit(&mut tx, Some(fetch.tenant), TOPIC, Some(fetch.mailbox.0)).await?;
    tx.commit().await?;
    let ended = if fetch.is_cancelled {
        Ended::Cancelled
    } else {
        Box::pin(attempt(app, mail, claimed, (&fetch, &sealed))).await?
    };
    fault::point("mail_fetches.copied");
    finish(app, claimed, &fetch, ended).await
}

async fn attempt(
    app: &App,
    mail: &dyn MailService,
    claimed: &Claimed,
    (fetch, sealed): (&Fetch, &[u8]),
) -> Result<Ended, Error> {
    if fetch.is_deleted {
        let words = "The mailbox was deleted. Restore it, and ask again.";
        return Ok(Ended::Failed("gone", words.to_owned(), None));
    }
    let host = Host::parse(&fetch.wish.host).map_err(Error::internal)?;
    let ip = match place::find(app, &host).await {
        Ok(ip) => ip,
        Err(nowhere) => {
            let told = nowhere.sentence(&fetch.wish.host);
            return Ok(match nowhere {
                Nowhere::Away => Ended::Again(nowhere.reason(), told),
                Nowhere::Unknown | Nowhere::Inside => Ended::Failed(nowhere.reason(), told, None),
            });
        }
    };
    let Ok(password) = app.keyring.open(&context(fetch.id), sealed) else {
        let words = "The password that was kept can't be read any more. Ask again.";
        return Ok(Ended::Failed("other", words.to_owned(), None));
    };
    let what = mail::Fetch {
        address: fetch.address.clone(),
        host: fetch.wish.host.clone(),
        ip,
        port: fetch.wish.port,
        tls: fetch.wish.tls,
        user: fetch.user.clone(),
        password: Secret::new(String::from_utf8_lossy(&password).into_owned()),
        takes_all: fetch.wish.folders == Folders::All,
        fingerprint: fetch.wish.fingerprint.clone(),
    };
    follow(app, mail, claimed, (fetch, &what)).await
}

/// Asks, and writes down what is said, until it ends. Who leaves this drops what is said, which ends it.
async fn follow(
    app: &App,
    mail: &dyn MailService,
    claimed: &Claimed,
    (fetch, what): (&Fetch, &mail::Fetch),
) -> Result<Ended, Error> {
    let mut said = match mail.fetch(what).await {
        Ok(said) => said,
        Err(error) => return Ok(error.into()),
    };
    let (mut found, mut at) = ((0, 0), FetchAt::default());
    let mut time = tokio::time::interval(NOTE);
    time.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            event = said.next() => match event {
                Some(Ok(FetchEvent::Found { folders, messages })) => found = (folders, messages),
                Some(Ok(FetchEvent::At(now))) => at = now,
                Some(Ok(FetchEvent::Done {})) => {
                    note(app, claimed, fetch, (found, &at)).await?;
                    return Ok(Ended::Done);
                }
                Some(Ok(FetchEvent::Failed(failure))) => {
                    note(app, claimed, fetch, (found, &at)).await?;
                    return Ok(judged(fetch, failure));
                }
                Some(Err(error)) => return Ok(error.into()),
                None => return Ok(MailServiceError::Away("it stopped in the middle".to_owned()).into()),
            },
            _ = time.tick() => match note(app, claimed, fetch, (found, &at)).await? {
                Some(false) => {}
                Some(true) => return Ok(Ended::Cancelled),
                None => return Ok(Ended::Lost),
            },
        }
    }
}

/// Writes down how far it is, and keeps the lease. Says whether it is not wanted any more; nothing if the lease is lost.
async fn note(
    app: &App,
    claimed: &Claimed,
    fetch: &Fetch,
    (found, at): ((u32, u64), &FetchAt),
) -> Result<Option<bool>, Error> {
    let mut tx = app.db.system().await?;
    let is_cancelled = store::renew(&mut tx, claimed, app.now() + LEASE).await?;
    if found != (0, 0) {
        let before = (fetch.done_messages, fetch.done_bytes);
        store::note_progress(&mut tx, claimed, found, at, before).await?;
        operations::note_step(&mut tx, fetch.id.0, &progress(found, at)).await?;
        events::emit(&mut tx, Some(fetch.tenant), TOPIC, Some(fetch.mailbox.0)).await?;
    }
    tx.commit().await?;
    Ok(is_cancelled)
}

/// How far it is, in the operation's words.
fn progress((folders, messages): (u32, u64), at: &FetchAt) -> String {
    let size = show_size(at.bytes);
    let folder = if at.folder.is_empty() {
        String::new()
    } else {
        format!("; {}", at.folder)
    };
    format!(
        "{} of {messages} mails, {} of {folders} folders, {size}{folder}",
        at.messages, at.folders
    )
}

/// What passes is tried again; what somebody has to change is not.
fn judged(fetch: &Fetch, failure: FetchFailure) -> Ended {
    let (word, told) = (reason(failure.why), sentence(&fetch.wish, &failure));
    match failure.why {
        FetchReason::CutOff | FetchReason::Busy | FetchReason::Refused | FetchReason::Unreachable => {
            Ended::Again(word, told)
        }
        _ => Ended::Failed(word, told, failure.fingerprint),
    }
}

/// Writes down how it ended. Says whether it is over.
async fn finish(app: &App, claimed: &Claimed, fetch: &Fetch, ended: Ended) -> Result<bool, Error> {
    let now = app.now();
    let (state, word, told, fingerprint) = match ended {
        Ended::Lost => return Ok(false),
        Ended::Done => (FetchState::Done, None, None, None),
        Ended::Cancelled => (FetchState::Cancelled, None, None, None),
        Ended::Failed(word, told, fingerprint) => (FetchState::Failed, Some(word), Some(told), fingerprint),
        Ended::Again(word, told) if claimed.failures + 1 >= TRIES => {
            (FetchState::Failed, Some(word), Some(told), None)
        }
        Ended::Again(_, told) => {
            let until = now + patience(claimed.failures + 1, LONGEST);
            let mut tx = app.db.system().await?;
            store::give_back(&mut tx, claimed, &told, until).await?;
            operations::end_step(&mut tx, fetch.id.0, Err(&told), now).await?;
            events::emit(&mut tx, Some(fetch.tenant), TOPIC, Some(fetch.mailbox.0)).await?;
            tx.commit().await?;
            return Ok(false);
        }
    };
    let mut tx = app.db.system().await?;
    let why = (word, told.as_deref(), fingerprint.as_deref());
    if store::end(&mut tx, claimed, state, why, now).await? {
        let outcome = match state {
            FetchState::Done => Ok(()),
            FetchState::Cancelled => Err(CANCELLED),
            _ => Err(told.as_deref().unwrap_or_default()),
        };
        operations::end_step(&mut tx, fetch.id.0, outcome, now).await?;
        operations::finish(&mut tx, fetch.operation, outcome, now).await?;
        events::emit(&mut tx, Some(fetch.tenant), TOPIC, Some(fetch.mailbox.0)).await?;
    }
    tx.commit().await?;
    Ok(true)
}
