//! The end of deleted mailboxes: those whose time is over become wishes to erase them, and the mail service is asked to remove
//! their folders until it has done it.
//!
//! A row goes in the transaction that writes the wish, so nothing is on disk of which no row tells. Asking twice is harmless: a
//! folder that is not there is no error. An installation without a mail service keeps the wishes until it has one.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::mail::{MailService, MailServiceError};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::fault;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience, wake};

use super::super::TOPIC;
use super::store::{self, Claimed};

/// Whoever holds one for longer has died: a large mailbox takes a while.
const LEASE: TimeDelta = TimeDelta::minutes(10);
/// When what fails is tried again at the latest.
const AGAIN: TimeDelta = TimeDelta::minutes(5);
/// How many mailboxes are let go in one transaction.
const BATCH: i64 = 500;

/// The reconciler of what is to be erased.
#[derive(Debug, Clone)]
pub struct Erasures {
    app: App,
    mail: Option<Arc<dyn MailService>>,
}

impl Erasures {
    /// The reconciler of all that is to be erased, by the installation's mail service.
    pub fn new(app: &App) -> Self {
        Self::by(app, app.mail.clone())
    }

    /// The same by a mail service of one's own.
    pub fn by(app: &App, mail: Option<Arc<dyn MailService>>) -> Self {
        Self {
            app: app.clone(),
            mail,
        }
    }

    /// Turns what is due into wishes.
    async fn let_go(&self) -> Result<(), Error> {
        let mut tx = self.app.db.system().await?;
        let mut tenants = store::let_go(&mut tx, self.app.now(), BATCH).await?;
        if tenants.is_empty() {
            return Ok(());
        }
        tenants.dedup();
        for tenant in tenants {
            // Whoever looks at the list of deleted ones sees it go. It also wakes this reconciler for the next batch.
            events::emit(&mut tx, Some(tenant), TOPIC, None).await?;
        }
        tx.commit().await?;
        fault::point("mail_erasures.let_go");
        Ok(())
    }
}

/// Starts erasing in the background of this process, woken by what is changed.
pub fn begin(app: &App) {
    let (erasures, poke) = (Arc::new(Erasures::new(app)), Poke::default());
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(erasures, poke, app.tasks.clone()));
}

/// In the words that staff read.
fn words(error: &MailServiceError) -> &'static str {
    match error {
        MailServiceError::Away(_) => "the mail service does not answer",
        MailServiceError::Gone | MailServiceError::Refused(_) => "the mail service refused",
    }
}

#[async_trait::async_trait]
impl Reconciler for Erasures {
    type Item = Claimed;
    const KIND: &'static str = "mail-erasure";
    const CONCURRENCY: usize = 2;
    const PERIOD: Duration = Duration::from_secs(10);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        self.let_go().await?;
        if self.mail.is_none() {
            return Ok(Vec::new());
        }
        let now = self.app.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, self.app.ids.uuid(now), (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        let Some(mail) = &self.mail else {
            return Ok(false);
        };
        let erased = mail.erase(claimed.mailbox.0).await;
        // A process that dies here leaves the wish, and the next one asks again for what is gone.
        let mut tx = self.app.db.system().await?;
        let is_done = match &erased {
            Ok(()) | Err(MailServiceError::Gone) => {
                fault::point("mail_erasures.erased");
                store::settle(&mut tx, &claimed).await?;
                true
            }
            Err(error) => {
                tracing::warn!(mailbox = %claimed.mailbox, error = error as &dyn std::error::Error, "a mailbox is not erased yet");
                let until = self.app.now() + patience(claimed.failures, AGAIN);
                store::put_off(&mut tx, &claimed, words(error), until).await?;
                false
            }
        };
        tx.commit().await?;
        Ok(is_done)
    }
}
