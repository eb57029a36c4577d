//! Warns people whose mailbox fills up, by a mail in that mailbox.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::mail::{MailService, MailServiceError};
use crate::platform::error::Error;
use crate::platform::fault;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience, wake};

use super::TOPIC;
use super::model::Fullness;
use super::store::{self, Claimed};

/// Whoever holds a mailbox for longer has died.
const LEASE: TimeDelta = TimeDelta::seconds(120);
/// So long the mail service may take.
const PATIENCE: Duration = Duration::from_mins(1);
/// What fails is tried again at the latest.
const AGAIN: TimeDelta = TimeDelta::minutes(15);

/// The reconciler.
#[derive(Debug, Clone)]
pub struct Warnings {
    app: App,
    mail: Arc<dyn MailService>,
}

impl Warnings {
    /// The reconciler of all mailboxes' warnings.
    pub fn new(app: &App, mail: Arc<dyn MailService>) -> Self {
        Self {
            app: app.clone(),
            mail,
        }
    }

    /// Puts the warning into the mailbox. The same note makes the same `Message-ID`, so that a repetition can be told.
    async fn tell(&self, claimed: &Claimed, full: &Fullness) -> Result<(), MailServiceError> {
        let id = format!("full-{}-{}", claimed.mailbox, claimed.generation);
        let config = &self.app.config;
        let mail = full.mail(&config.mail_sender(), (&id, config.mail_host()), self.app.now());
        let put = tokio::time::timeout(PATIENCE, self.mail.put(&full.address, &mail)).await;
        put.unwrap_or_else(|_| Err(MailServiceError::Away("it takes too long".to_owned())))
    }
}

/// Starts warning in the background of this process, if there is a mail service.
pub fn begin(app: &App) {
    let Some(mail) = app.mail.clone() else {
        return;
    };
    let (warnings, poke) = (Arc::new(Warnings::new(app, mail)), Poke::default());
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(warnings, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Warnings {
    type Item = Claimed;
    const KIND: &'static str = "mail_warning";
    const CONCURRENCY: usize = 4;
    const PERIOD: Duration = Duration::from_secs(10);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let now = self.app.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, self.app.ids.uuid(now), (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        let mut tx = self.app.db.system().await?;
        let full = store::fullness(&mut tx, claimed.mailbox).await?;
        drop(tx);
        let told = match &full {
            Some(full) if full.is_news() => self.tell(&claimed, full).await,
            _ => Ok(()),
        };
        let level = full.map_or(0, |full| full.level().percent());
        let mut tx = self.app.db.system().await?;
        if let Err(error) = &told {
            tracing::warn!(
                mailbox = %claimed.mailbox,
                error = error as &dyn std::error::Error,
                "nobody is told that a mailbox fills up"
            );
            let until = self.app.now() + patience(claimed.failures, AGAIN);
            store::put_off(&mut tx, &claimed, &error.to_string(), until).await?;
        } else {
            fault::point("mail_warnings.told");
            store::settle(&mut tx, &claimed, level).await?;
        }
        tx.commit().await?;
        Ok(told.is_ok())
    }
}
