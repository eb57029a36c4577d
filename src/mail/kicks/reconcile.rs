//! Kicks whom somebody asked to be kicked, within a second of the commit, and for as long as it takes if the mail service is away.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::mail::{MailService, MailServiceError};
use crate::platform::error::Error;
use crate::platform::fault;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience, wake};

use super::TOPIC;
use super::store::{self, Claimed};

/// Whoever holds an address for longer has died.
const LEASE: TimeDelta = TimeDelta::seconds(60);
/// So long the mail service may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Who was let in before has a session by then.
const SETTLED: TimeDelta = TimeDelta::seconds(5);
/// What fails is tried again at the latest.
const AGAIN: TimeDelta = TimeDelta::minutes(1);

/// The reconciler.
#[derive(Debug, Clone)]
pub struct Kicks {
    app: App,
    mail: Arc<dyn MailService>,
}

impl Kicks {
    /// The reconciler of all tenants' sessions.
    pub fn new(app: &App, mail: Arc<dyn MailService>) -> Self {
        Self {
            app: app.clone(),
            mail,
        }
    }

    async fn kick(&self, address: &str) -> Result<(), MailServiceError> {
        let told = tokio::time::timeout(PATIENCE, self.mail.kick(address)).await;
        match told.unwrap_or_else(|_| Err(MailServiceError::Away("it takes too long".to_owned()))) {
            Err(MailServiceError::Gone) => Ok(()),
            other => other,
        }
    }
}

/// Starts kicking in the background of this process, if there is a mail service.
pub fn begin(app: &App) {
    let Some(mail) = app.mail.clone() else {
        return;
    };
    let (kicks, poke) = (Arc::new(Kicks::new(app, mail)), Poke::default());
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(kicks, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Kicks {
    type Item = Claimed;
    const KIND: &'static str = "mail_kick";
    const CONCURRENCY: usize = 8;
    const PERIOD: Duration = Duration::from_secs(5);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let now = self.app.now();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, self.app.ids.uuid(now), (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        let told = self.kick(&claimed.address).await;
        let mut tx = self.app.db.system().await?;
        let is_done = match told {
            Ok(()) => {
                fault::point("mail_kicks.kicked");
                store::finish(&mut tx, &claimed, self.app.now() + SETTLED).await?;
                true
            }
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "sessions of a mailbox go on"
                );
                let until = self.app.now() + patience(claimed.failures, AGAIN);
                store::put_off(&mut tx, &claimed, &error.to_string(), until).await?;
                false
            }
        };
        tx.commit().await?;
        Ok(is_done)
    }
}
