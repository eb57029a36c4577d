//! Goes on with pagings whose time has come, and lets mails go that had to wait.
//!
//! Harmless when repeated: whoever claims a run locks its ticket and looks again, and the row of a level's page cannot be written
//! twice. A panel that dies leaves a lease that runs out.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::error::Error;
use crate::platform::fault;
use crate::platform::jobs;
use crate::platform::reconcile::{Poke, Reconciler, drive, wake};
use crate::tickets;

use super::TOPIC;
use super::jobs::MailCalls;
use super::paging;
use super::store::{self, Claimed};

const LEASE: TimeDelta = TimeDelta::seconds(30);

/// Goes on with pagings.
pub(super) struct Sweep {
    app: App,
}

impl Sweep {
    pub(super) fn new(app: &App) -> Self {
        Self { app: app.clone() }
    }
}

/// Starts the work in the background of this process.
pub fn begin(app: &App) {
    let poke = Poke::default();
    let sweep = Arc::new(Sweep::new(app));
    app.tasks
        .spawn(wake(app.hub.clone(), TOPIC, poke.clone(), app.tasks.clone()));
    app.tasks.spawn(drive(sweep, poke, app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Sweep {
    type Item = Claimed;
    const KIND: &'static str = "paging";
    const CONCURRENCY: usize = 4;
    const PERIOD: Duration = Duration::from_secs(5);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        let (app, now) = (&self.app, self.app.now());
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = app.db.system().await?;
        if app.mailer.is_some() {
            for user in store::waiting_people(&mut tx, now).await? {
                jobs::enqueue(&mut tx, &MailCalls { user }, None, &MailCalls::key(user)).await?;
            }
        }
        let claimed = store::claim(&mut tx, app.ids.uuid(now), (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        let mut tx = self.app.db.system().await?;
        let ticket = match tickets::lock(&mut tx, claimed.ticket).await {
            Err(Error::NotFound) => return Ok(true),
            ticket => ticket?,
        };
        paging::go_on(&self.app, &mut tx, &ticket, claimed).await?;
        fault::point("on_call.before_commit");
        tx.commit().await?;
        Ok(true)
    }
}
