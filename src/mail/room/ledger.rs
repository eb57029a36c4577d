//! Brings the ledger of storage up to date with what domains hold.

use std::time::Duration;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::storage::{self, Kind};

use super::store;

/// How old the ledger's figures of mail may be.
const PERIOD: Duration = Duration::from_secs(15);
/// How many domains are taken over in one transaction: whoever delivers to one of them waits for its end.
const BATCH: i64 = 50;

/// Starts it in the background of this process. It needs no mail service: what was noted is to be in the ledger.
pub fn begin(app: &App) {
    app.tasks.spawn(run(app.clone()));
}

async fn run(app: App) {
    let scope = SystemScope::new(app.db.clone(), "mail");
    loop {
        if let Err(error) = flush(&app, &scope).await {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "what mail domains hold did not get into the ledger"
            );
        }
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

/// Takes over all that was noted. Says how many domains. Harmless twice.
pub async fn flush(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut flushed = 0;
    loop {
        let mut tx = scope.begin().await?;
        let domains = store::take_uses(&mut tx, BATCH).await?;
        if domains.is_empty() {
            return Ok(flushed);
        }
        for domain in domains {
            let (tenant, subject) = (domain.tenant, domain.domain.0);
            match domain.used {
                Some(used) => storage::record(&mut tx, tenant, Kind::Mail, subject, used, app.now()).await?,
                None => storage::forget(&mut tx, tenant, Kind::Mail, subject, app.now()).await?,
            }
            flushed += 1;
        }
        tx.commit().await?;
    }
}
