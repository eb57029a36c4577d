//! Tells incidents what has changed. What was told last is on the check's row, so telling is repeated until it is done, and done once.

use std::time::Duration;

use serde_json::json;

use crate::app::App;
use crate::monitoring::{Signal, report};
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::ids::CheckId;
use crate::platform::reconcile::Reconciler;

use super::super::store::{self, Untold};

/// Tells.
pub(super) struct Teller {
    app: App,
    scope: SystemScope,
}

impl Teller {
    pub(super) fn new(app: &App) -> Self {
        Self {
            app: app.clone(),
            scope: SystemScope::new(app.db.clone(), "checks"),
        }
    }
}

fn signal(untold: &Untold) -> Signal {
    Signal {
        cause: format!("check:{}", untold.id.0),
        tenant: Some(untold.tenant),
        location: Some(untold.location),
        server: Some(untold.server),
        check: Some(untold.id),
        signature: untold.kind.signature(untold.is_certificate),
        summary: format!("{}: {}", untold.server_name, untold.name),
        failing: untold.is_bad,
        since: untold.since,
        detail: json!({
            "check": untold.name,
            "kind": untold.kind.word(),
            "target": untold.kind.target(),
            "message": untold.message,
        }),
    }
}

#[async_trait::async_trait]
impl Reconciler for Teller {
    type Item = CheckId;
    const KIND: &'static str = "check-report";
    /// One opens an incident while another one waits to be read.
    const CONCURRENCY: usize = 2;
    const PERIOD: Duration = Duration::from_secs(1);

    async fn claim(&self, limit: usize) -> Result<Vec<CheckId>, Error> {
        let mut tx = self.scope.begin().await?;
        store::forget_gone(&mut tx).await?;
        let found = store::untold(&mut tx, i64::try_from(limit).unwrap_or(i64::MAX)).await?;
        tx.commit().await?;
        Ok(found)
    }

    async fn reconcile(&self, id: CheckId) -> Result<bool, Error> {
        let mut tx = self.scope.begin().await?;
        let Some(untold) = store::lock_untold(&mut tx, id).await? else {
            return Ok(true);
        };
        report(&self.app, &mut tx, signal(&untold)).await?;
        store::set_told(&mut tx, id, untold.is_bad).await?;
        tx.commit().await?;
        Ok(true)
    }
}
