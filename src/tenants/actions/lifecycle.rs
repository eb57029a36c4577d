//! Suspending, resuming, closing, reopening and erasing tenants.

use chrono::Duration;
use serde_json::json;

use crate::app::App;
use crate::audit::{self, Change};
use crate::backups;
use crate::certificates::{self, Closed};
use crate::drills;
use crate::mail;
use crate::networks;
use crate::platform::access::{StaffScope, SystemScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{AuditId, TenantId};
use crate::volumes;

use super::super::model::{Status, Tenant, Verb};
use super::super::store;
use super::{TENANT_TOPIC, target};

/// Changes a tenant's status. Its servers hear of it in the same transaction: they stop, or come back as they were.
pub async fn change_status(app: &App, scope: &StaffScope, id: TenantId, verb: Verb) -> Result<Tenant, Error> {
    let mut tx = scope.begin().await?;
    let after = change_status_in(app, &mut tx, &scope.who, id, verb).await?;
    tx.commit().await?;
    Ok(after)
}

/// The same as a part of something larger, such as what the system does of itself.
pub async fn change_status_in(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TenantId,
    verb: Verb,
) -> Result<Tenant, Error> {
    let now = app.now();
    let action = verb.action();
    let before = store::lock_tenant(tx, id).await?;
    let new = before.after(verb, now)?;
    store::save_status(tx, id, &new, now).await?;
    let after = store::find_tenant(tx, id).await?;
    match (before.status, after.status) {
        (_, Status::Closed) => {
            let by = who
                .user
                .map_or_else(|| "system".to_owned(), |user| user.to_string());
            certificates::begin(tx, id, (now, &by)).await?;
        }
        (Status::Closed, _) => certificates::forget(tx, id).await?,
        _ => {}
    }
    store::wake_servers(tx, id, now).await?;
    if after.status != Status::Active {
        // Nobody signs in to its mailboxes any more; who is in already goes out.
        mail::kicks::ask_all(tx, id, now).await?;
    }
    events::emit(tx, Some(id), TENANT_TOPIC, Some(id.0)).await?;
    let change = Change::between(action, shown(&before), shown(&after));
    app.audit(tx, who, &target(&after), &change).await?;
    Ok(after)
}

/// How long a closed tenant is kept.
pub(crate) fn retention(app: &App) -> Duration {
    Duration::days(i64::from(app.config.retention_days))
}

/// How many closed tenants are looked at in one run.
const BATCH: i64 = 100;

/// Erases the closed tenants whose retention is over. Says how many are gone; those whose servers are still being
/// removed follow in a later run. Harmless twice.
pub async fn purge_closed(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let due = store::due_for_purge(&mut tx, app.now(), BATCH).await?;
    tx.commit().await?;
    let mut gone = 0;
    for id in due {
        gone += u64::from(purge(app, scope, id).await?);
    }
    Ok(gone)
}

/// Goes one step towards erasing a closed tenant whose retention is over: first its servers, networks, volumes and mail, and when the reconcilers
/// have removed them with their data, the tenant with its memberships and tokens. Says whether the tenant is gone.
///
/// Harmless at any time and twice: whether the tenant is due is read again under its lock.
async fn purge(app: &App, scope: &SystemScope, id: TenantId) -> Result<bool, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let tenant = match store::lock_tenant(&mut tx, id).await {
        Err(Error::NotFound) => return Ok(true),
        other => other?,
    };
    if !tenant.is_erasing(now) {
        return Ok(false);
    }
    let servers = store::delete_servers(&mut tx, id, now).await?;
    let networks = networks::let_all_go(&mut tx, id, now).await?;
    let volumes = volumes::let_all_go(&mut tx, id, now).await?;
    let mail = mail::let_all_go(app, &mut tx, id).await?;
    if servers + networks + volumes + mail > 0 {
        tx.commit().await?;
        return Ok(false);
    }
    // What a drill has on the engine goes with its row.
    if drills::are_open(&mut tx, id).await? {
        return Ok(false);
    }
    drop(tx);
    // What lies on the engine goes before its key does, so that a panel that dies in between comes back to it.
    if !backups::erase_data(app, scope, id).await? {
        return Ok(false);
    }
    finish(app, scope, id).await
}

/// The end: the row goes with all that hangs on it, in the transaction that certifies that.
async fn finish(app: &App, scope: &SystemScope, id: TenantId) -> Result<bool, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let tenant = match store::lock_tenant(&mut tx, id).await {
        Err(Error::NotFound) => return Ok(true),
        other => other?,
    };
    if !tenant.is_erasing(now) {
        return Ok(false);
    }
    let closed = Closed {
        tenant: id,
        since: tenant.status_at,
        event: AuditId::new(&*app.ids, now),
    };
    let certificate = certificates::issue(app, &mut tx, closed).await?;
    store::delete_tenant(&mut tx, id).await?;
    events::emit(&mut tx, Some(id), TENANT_TOPIC, Some(id.0)).await?;
    let change = Change {
        action: "tenant.purge",
        before: Some(shown(&tenant)),
        after: Some(json!({ "certificate": certificate.to_string() })),
    };
    let event = (closed.event, now);
    audit::record(&mut tx, event, &scope.who, &target(&tenant), &change).await?;
    tx.commit().await?;
    Ok(true)
}

fn shown(tenant: &Tenant) -> serde_json::Value {
    json!({
        "status": tenant.status,
        "reason": tenant.reason,
        "purge_after": tenant.purge_after,
    })
}
