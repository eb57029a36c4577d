//! Fetches mail, under a lease that is renewed while mail comes.
//!
//! Harmless when repeated: whoever gets the lease of a panel that died asks the mail service for all of it again, and what is here
//! does not come again. What the dead panel's service was doing ends with the connection, and if not it holds the mailbox's lock, so
//! that the next try waits.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::drivers::mail::MailService;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::operations;
use crate::platform::reconcile::{Poke, Reconciler, drive, wake};

use super::TOPIC;
use super::store::{self, Claimed};
use super::work;

/// Whoever fetches says so again well before this is over.
pub(super) const LEASE: TimeDelta = TimeDelta::seconds(30);
/// So many are under way in an installation: a moving-in is not to slow down whoever reads mail.
const MOST: i64 = 2;

/// Fetches mail.
#[derive(Debug, Clone)]
pub struct Fetches {
    app: App,
    mail: Option<Arc<dyn MailService>>,
}

impl Fetches {
    /// The reconciler of all fetches, by the installation's mail service.
    pub fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            mail: app.mail.clone(),
        }
    }

    /// Ends those that nobody wants and nobody works at, however many others are under way.
    async fn cut_short(&self) -> Result<(), Error> {
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        let cut = store::cut_short(&mut tx, now).await?;
        if cut.is_empty() {
            return Ok(());
        }
        for one in cut {
            operations::end_step(&mut tx, one.id.0, Err(work::CANCELLED), now).await?;
            operations::finish(&mut tx, one.operation, Err(work::CANCELLED), now).await?;
            events::emit(&mut tx, Some(one.tenant), TOPIC, Some(one.mailbox.0)).await?;
        }
        tx.commit().await
    }
}

/// Starts fetching in the background of this process, woken by what is asked for.
pub fn begin(app: &App) {
    let (fetches, poke) = (Arc::new(Fetches::new(app)), Poke::default());
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(fetches, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Fetches {
    type Item = Claimed;
    const KIND: &'static str = "mail-fetch";
    const CONCURRENCY: usize = 2;
    const PERIOD: Duration = Duration::from_secs(5);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        self.cut_short().await?;
        if self.mail.is_none() {
            return Ok(Vec::new());
        }
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let now = self.app.now();
        let mut tx = self.app.db.system().await?;
        let claimed =
            store::claim(&mut tx, self.app.ids.uuid(now), (now, now + LEASE), (limit, MOST)).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        let Some(mail) = &self.mail else {
            return Ok(false);
        };
        Box::pin(work::one(&self.app, mail.as_ref(), &claimed)).await
    }
}
