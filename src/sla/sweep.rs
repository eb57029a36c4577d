//! Looks at clocks whose time has come: a warning, or the end. What it costs follows from how many are due, not from how many there
//! are. A panel that was away finds what it missed.

use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::reconcile::{Poke, Reconciler, drive};

use super::follow::settle;
use super::store;

/// Whoever takes a ticket is done with it long before this is over.
const LEASE: TimeDelta = TimeDelta::seconds(30);

/// Looks at clocks.
pub(super) struct Sweep {
    app: App,
    scope: SystemScope,
}

impl Sweep {
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            scope: SystemScope::new(app.db.clone(), "sla"),
        }
    }
}

/// Starts the work on SLAs in the background of this process.
pub fn begin(app: &App) {
    let sweep = Arc::new(Sweep::new(app));
    app.tasks.spawn(drive(sweep, Poke::default(), app.tasks.clone()));
}

#[async_trait::async_trait]
impl Reconciler for Sweep {
    type Item = TicketId;
    const KIND: &'static str = "sla";
    const CONCURRENCY: usize = 4;
    const PERIOD: Duration = Duration::from_secs(2);

    async fn claim(&self, limit: usize) -> Result<Vec<TicketId>, Error> {
        let (limit, now) = (i64::try_from(limit).unwrap_or(i64::MAX), self.app.now());
        let mut tx = self.scope.begin().await?;
        let tickets = store::due(&mut tx, (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(tickets)
    }

    async fn reconcile(&self, ticket: TicketId) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        settle(&self.app, &mut tx, ticket).await?;
        tx.commit().await?;
        Ok(true)
    }
}
