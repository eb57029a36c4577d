//! The log that could not be read when evidence was gathered: it follows when the engine answers again, once.
//!
//! Harmless when repeated: the row that says that it is owed ends in the transaction that writes the log into the ticket. A panel that
//! dies leaves a lease that runs out.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::reconcile::{Poke, Reconciler, drive, patience};
use crate::servers::{self, model::Server};
use crate::tickets::{self, PostKind};

use super::gather;
use super::incident::{said, system};
use super::model;
use super::store::{self, OwedLog};

/// The engine has answered, or not, long before this is over.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// An engine that stays away is asked that seldom in the end.
const LONGEST: TimeDelta = TimeDelta::minutes(5);
/// What is printed so much later tells nothing of the failure any more.
const OWED: TimeDelta = TimeDelta::hours(6);

/// Asks for logs that are owed.
pub(super) struct Late {
    app: App,
    scope: SystemScope,
}

impl Late {
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            scope: SystemScope::new(app.db.clone(), "breakdowns"),
        }
    }
}

/// Starts it in the background of this process.
pub(super) fn begin(app: &App) {
    let late = Arc::new(Late::new(app));
    app.tasks.spawn(drive(late, Poke::default(), app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Late {
    type Item = OwedLog;
    const KIND: &'static str = "late-log";
    const CONCURRENCY: usize = 4;
    const PERIOD: Duration = Duration::from_secs(5);

    async fn claim(&self, limit: usize) -> Result<Vec<OwedLog>, Error> {
        let (limit, now) = (i64::try_from(limit).unwrap_or(i64::MAX), self.app.now());
        let mut tx = self.scope.begin().await?;
        let owed = store::owed_logs(&mut tx, (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(owed)
    }

    async fn reconcile(&self, owed: OwedLog) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let server = server_of(&mut tx, &owed).await?;
        let Some(server) = server.filter(|_| self.app.now() - owed.since <= OWED) else {
            store::end_log(&mut tx, &owed).await?;
            tx.commit().await?;
            return Ok(true);
        };
        let secrets = servers::secret_values(&self.app, &mut tx, server.id).await?;
        // The engine is asked with no transaction open.
        drop(tx);
        let log = gather::log(&self.app, server.id, &secrets).await;
        let mut tx = self.scope.begin().await?;
        match &log {
            Ok(lines) => self.tell(&mut tx, &owed, (&server.name, lines)).await?,
            Err(_) => {
                let next = self.app.now() + patience(owed.tries.saturating_add(1), LONGEST);
                store::delay_log(&mut tx, &owed, next).await?;
            }
        }
        tx.commit().await?;
        Ok(log.is_ok())
    }
}

impl Late {
    async fn tell(
        &self,
        tx: &mut SystemTx,
        owed: &OwedLog,
        (name, lines): (&str, &[String]),
    ) -> Result<(), Error> {
        // The lock comes first, as everywhere.
        tickets::lock_in_order(tx, &[owed.ticket]).await?;
        if !store::end_log(tx, owed).await? {
            return Ok(());
        }
        let (all, part) = model::late_log(name, lines, model::readers_read_logs());
        let all = said(PostKind::Evidence, false, all);
        tickets::add_post(&self.app, tx, &system(), owed.ticket, all).await?;
        if let Some(part) = part {
            let part = said(PostKind::System, true, part);
            tickets::add_post(&self.app, tx, &system(), owed.ticket, part).await?;
        }
        Ok(())
    }
}

/// The server whose log is owed. One that is gone has none, and that of one that is another organisation's by now is not theirs.
async fn server_of(tx: &mut SystemTx, owed: &OwedLog) -> Result<Option<Server>, Error> {
    match servers::find(tx, owed.server).await {
        Err(Error::NotFound) => Ok(None),
        Ok(server) if server.is_deleted() || server.tenant != owed.tenant => Ok(None),
        found => found.map(Some),
    }
}
