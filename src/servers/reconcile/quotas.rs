//! Tenants' quotas in the node's pool: what all of a tenant's volumes may hold together is what its plan gives.
//!
//! Every half minute, and whenever a plan or a tenant changes, what the pool says is compared with the plans, so whatever
//! changed a limit behind our back is mended. Who holds more than a new plan gives keeps what there is and gets no more: the
//! limit is then what is held, and follows down as files are deleted. Deleted servers that are kept count beside the plan, as
//! they do where servers are counted.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use crate::app::App;
use crate::drivers::pool::{PoolError, Storage, TenantName, TenantUse};
use crate::platform::error::Error;
use crate::platform::events::heard;
use crate::platform::ids::TenantId;
use crate::tenants;

use super::super::store;
use super::TENANT_TOPIC;
use super::trouble::DRIVER_AWAY;

const PERIOD: Duration = Duration::from_secs(30);
/// While nobody answers. Whoever waits for it goes on then.
const KNOCK: Duration = Duration::from_secs(2);
const PLAN_TOPIC: &str = "plan";
const MIB: u64 = 1 << 20;

/// Why quotas were not compared, or not set.
#[derive(Debug, thiserror::Error)]
pub enum Uncompared {
    /// The pool.
    #[error(transparent)]
    Pool(#[from] PoolError),
    /// The database.
    #[error(transparent)]
    Database(#[from] Error),
}

/// What a tenant's volumes may hold together, in bytes; nothing if there is no such tenant any more.
async fn limit_of(app: &App, tenant: TenantId) -> Result<Option<u64>, Error> {
    let mut tx = app.db.system().await?;
    let limits = tenants::disk_limits(&mut tx, &[tenant]).await?;
    Ok(limits.get(&tenant).map(|mib| bytes(*mib)))
}

/// Sees that a tenant's quota holds before anything of it is made.
pub async fn hold_quota(app: &App, tenant: TenantId) -> Result<(), Uncompared> {
    let Some(storage) = &app.storage else {
        return Ok(());
    };
    let Some(limit) = limit_of(app, tenant).await? else {
        return Ok(());
    };
    let name = TenantName::parse(&tenant.to_string())?;
    match storage.limit_tenant(&name, Some(limit)).await {
        // It holds more than its plan gives, and keeps what it has.
        Err(error) if error.code() == "too_small" => Ok(()),
        other => Ok(other?),
    }
}

fn bytes(mib: i64) -> u64 {
    u64::try_from(mib)
        .unwrap_or_default()
        .saturating_mul(MIB)
        .max(16 * MIB)
}

/// Compares until the process stops.
pub(super) async fn keep(app: App, storage: Arc<dyn Storage>) {
    let mut news = app.hub.subscribe();
    let mut was_away = false;
    loop {
        let outcome = compare(&app, &*storage).await;
        let is_away = matches!(outcome, Err(Uncompared::Pool(_)));
        match outcome {
            Err(error) if is_away != was_away => tracing::warn!(%error, "tenants' quotas can't be looked at"),
            Ok(()) if was_away => wake(&app).await,
            _ => {}
        }
        was_away = is_away;
        tokio::select! {
            () = app.tasks.stopping() => return,
            () = tokio::time::sleep(if is_away { KNOCK } else { PERIOD }) => {}
            () = heard(&mut news, &[TENANT_TOPIC, PLAN_TOPIC]) => {}
        }
    }
}

/// Servers that could not start without the driver.
async fn wake(app: &App) {
    let woken: Result<u64, Error> = async {
        let mut tx = app.db.system().await?;
        let count = store::wake_stuck(&mut tx, DRIVER_AWAY, app.now()).await?;
        tx.commit().await?;
        Ok(count)
    }
    .await;
    match woken {
        Ok(count) => tracing::info!(
            count,
            "the volume driver answers again; servers go on that waited for it"
        ),
        Err(error) => tracing::warn!(%error, "servers that wait for the volume driver were not woken"),
    }
    app.poke_servers.poke();
}

/// Compares once, and sets what differs.
pub(in crate::servers) async fn compare(app: &App, storage: &dyn Storage) -> Result<(), Uncompared> {
    let usage = storage.usage(false).await?;
    let owners: HashSet<&str> = usage
        .volumes
        .iter()
        .filter_map(|one| one.tenant.as_deref())
        .collect();
    // Others may share the pool.
    let known: HashMap<TenantId, &TenantUse> = usage
        .tenants
        .iter()
        .filter_map(|one| Some((one.tenant.parse().ok()?, one)))
        .collect();
    let ids: Vec<TenantId> = known.keys().copied().collect();
    let limits = tenants::disk_limits(&mut app.db.system().await?, &ids).await?;
    for (tenant, mib) in limits {
        let Some(there) = known.get(&tenant) else { continue };
        // The pool forgets who has no limit and no volumes.
        let wanted = owners
            .contains(there.tenant.as_str())
            .then(|| limit(bytes(mib), there.used));
        if there.limit == wanted {
            continue;
        }
        let name = TenantName::parse(&there.tenant)?;
        match storage.limit_tenant(&name, wanted).await {
            // It wrote something in this moment: the next look finds what.
            Err(error) if error.code() == "too_small" => tracing::debug!(%tenant, %error, "a quota stays"),
            other => other?,
        }
    }
    Ok(())
}

/// The plan's limit, or what is held if that is more.
fn limit(plan: u64, used: u64) -> u64 {
    if used > plan {
        used.next_multiple_of(MIB)
    } else {
        plan
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_holds_more_than_the_plan_gives_keeps_it_and_gets_no_more() {
        assert_eq!(limit(100 * MIB, 7), 100 * MIB);
        assert_eq!(limit(100 * MIB, 100 * MIB), 100 * MIB);
        assert_eq!(limit(100 * MIB, 100 * MIB + 1), 101 * MIB);
    }
}
