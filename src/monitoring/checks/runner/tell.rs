//! Tells incidents what has changed. What was told last is on the check's row, so telling is repeated until it is done, and done once.
//!
//! Many are told in one transaction, since each costs a wait for the disk. One that can't be told keeps no other from it: its batch
//! is told one by one then, and it waits behind the others.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::app::App;
use crate::monitoring::{Signal, report};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::CheckId;
use crate::platform::reconcile::Reconciler;

use super::super::store::{self, Untold};

/// So many are told at once: whoever looks at them waits so long to write what was found.
const BATCH: usize = 64;
/// What could not be told is tried again after so long.
const PATIENCE: TimeDelta = TimeDelta::seconds(30);

/// Tells.
pub(super) struct Teller {
    app: App,
    scope: SystemScope,
    /// What could not be told, and until when it waits.
    postponed: Mutex<HashMap<CheckId, DateTime<Utc>>>,
}

impl Teller {
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            scope: SystemScope::new(app.db.clone(), "checks"),
            postponed: Mutex::default(),
        }
    }

    fn postpone(&self, id: CheckId) {
        let until = self.app.now() + PATIENCE;
        let mut all = self.postponed.lock().unwrap_or_else(PoisonError::into_inner);
        all.insert(id, until);
    }

    fn postponed(&self) -> Vec<CheckId> {
        let now = self.app.now();
        let mut all = self.postponed.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, until| *until > now);
        all.keys().copied().collect()
    }

    /// Tells of all of these, or of none.
    async fn tell(&self, batch: &[CheckId]) -> Result<(), Error> {
        let mut tx = self.scope.begin().await?;
        for untold in store::lock_untold(&mut tx, batch).await? {
            for signal in signals(&untold) {
                report(&self.app, &mut tx, signal).await?;
            }
            store::set_told(&mut tx, untold.id, untold.now).await?;
        }
        tx.commit().await
    }
}

/// What there is to tell. A certificate has a cause of its own: it is no outage, and neither begins or ends with one.
fn signals(untold: &Untold) -> Vec<Signal> {
    let (before, now, id) = (untold.before, untold.now, untold.id.0);
    let outage = (format!("check:{id}"), false, before.outage, now.outage);
    let certificate = (
        format!("check:{id}:certificate"),
        true,
        before.certificate,
        now.certificate,
    );
    let all = [outage, certificate].into_iter();
    all.filter(|(_, _, before, now)| before != now)
        .map(|(cause, is_certificate, _, failing)| Signal {
            cause,
            tenant: Some(untold.tenant),
            location: Some(untold.location),
            server: Some(untold.server),
            check: Some(untold.id),
            signature: untold.kind.signature(is_certificate),
            summary: format!("{}: {}", untold.server_name, untold.name),
            failing,
            since: untold.since,
            detail: json!({
                "check": untold.name,
                "kind": untold.kind.word(),
                "target": untold.kind.target(),
                "message": untold.message,
            }),
        })
        .collect()
}

#[async_trait::async_trait]
impl Reconciler for Teller {
    type Item = Vec<CheckId>;
    const KIND: &'static str = "check-report";
    /// Whoever opens an incident waits for others who do.
    const CONCURRENCY: usize = 1;
    const PERIOD: Duration = Duration::from_secs(1);

    async fn claim(&self, limit: usize) -> Result<Vec<Vec<CheckId>>, Error> {
        let most = i64::try_from(limit.saturating_mul(BATCH)).unwrap_or(i64::MAX);
        let mut tx = self.scope.begin().await?;
        store::forget_gone(&mut tx).await?;
        let found = store::untold(&mut tx, &self.postponed(), most).await?;
        tx.commit().await?;
        Ok(found.chunks(BATCH).map(<[CheckId]>::to_vec).collect())
    }

    async fn reconcile(&self, batch: Vec<CheckId>) -> Result<bool, Error> {
        match Box::pin(self.tell(&batch)).await {
            Ok(()) => return Ok(true),
            Err(error @ Error::Unavailable(_)) => return Err(error),
            Err(error) => tracing::warn!(
                error = &error as &dyn std::error::Error,
                "checks could not be told together"
            ),
        }
        let mut is_told = true;
        for id in batch {
            match Box::pin(self.tell(&[id])).await {
                Ok(()) => {}
                Err(error @ Error::Unavailable(_)) => return Err(error),
                Err(error) => {
                    tracing::warn!(check = %id, error = &error as &dyn std::error::Error, "a check could not be told");
                    self.postpone(id);
                    is_told = false;
                }
            }
        }
        Ok(is_told)
    }
}
