//! Writing the ledger, asking it for room, and saying what a plan does about overuse.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{PlanId, TenantId};
use crate::tenants::{self, Amounts};
use crate::usage::bytes;

use super::TOPIC;
use super::model::{Kind, Overuse, Room, room};
use super::store::{self, Entry, Kept};

/// Writes what a thing holds, as part of whatever made it hold that. Repeating it changes nothing.
pub async fn record(
    tx: &mut SystemTx,
    tenant: TenantId,
    kind: Kind,
    subject: Uuid,
    bytes: i64,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    let bytes = Some(bytes.max(0));
    save(
        tx,
        &[Entry {
            tenant,
            kind,
            subject,
            bytes,
        }],
        at,
    )
    .await
}

/// Takes a thing that is gone out of the ledger; its history stays. Repeating it changes nothing.
pub async fn forget(
    tx: &mut SystemTx,
    tenant: TenantId,
    kind: Kind,
    subject: Uuid,
    at: DateTime<Utc>,
) -> Result<(), Error> {
    save(
        tx,
        &[Entry {
            tenant,
            kind,
            subject,
            bytes: None,
        }],
        at,
    )
    .await
}

/// Takes over what was measured of servers' volumes, in the transaction that wrote it.
pub async fn measured(tx: &mut SystemTx, at: DateTime<Utc>) -> Result<(), Error> {
    let mut entries = store::gone(tx).await?;
    entries.extend(store::measured(tx).await?);
    save(tx, &entries, at).await
}

async fn save(tx: &mut SystemTx, entries: &[Entry], at: DateTime<Utc>) -> Result<(), Error> {
    for tenant in store::save(tx, entries, at).await? {
        events::emit(tx, Some(tenant), TOPIC, None).await?;
    }
    Ok(())
}

/// The limits that hold for `more` of a tenant: the plan's, or beyond its disk where its policy lets tenants go there. Refuses
/// more disk while what is used fills the plan, where its policy says so.
pub async fn limits(
    tx: &mut impl Scoped,
    tenant: TenantId,
    plan: Amounts,
    more: &Amounts,
) -> Result<Amounts, Error> {
    if more.disk_mib <= 0 {
        return Ok(plan);
    }
    let (policy, used, allowed) = store::facts(tx, tenant).await?;
    match room(policy, used, allowed) {
        Room::Plan => Ok(plan),
        Room::Beyond => Ok(Amounts {
            disk_mib: i64::MAX,
            ..plan
        }),
        Room::Full => Err(Error::conflict(
            "storage-full",
            format!(
                "The plan's storage is full: {} of {} are used. Delete files, erase servers that are deleted and kept, or ask the \
                 provider for a larger plan.",
                bytes(used),
                bytes(allowed)
            ),
        )),
    }
}

/// Says what a plan does about overuse. `expected` is asked whether the version that is there may be changed.
pub(super) async fn set_overuse(
    app: &App,
    scope: &StaffScope,
    id: PlanId,
    new: Overuse,
    expected: &(dyn Fn(i64) -> Result<(), Error> + Sync),
) -> Result<Kept, Error> {
    let mut tx = scope.begin().await?;
    let plan = tenants::lock_plan(&mut tx, id).await?;
    let before = store::find_overuse(&mut tx, id).await?;
    expected(before.version)?;
    if before.overuse == new {
        return Ok(before);
    }
    store::save_overuse(&mut tx, id, new, app.now()).await?;
    let after = store::find_overuse(&mut tx, id).await?;
    events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    let target = Target {
        kind: "plan",
        id: Some(id.0),
        label: &plan.name,
        tenant: None,
    };
    let change = Change::between("plan.overuse", shown(before.overuse), shown(new));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await?;
    Ok(after)
}

fn shown(overuse: Overuse) -> serde_json::Value {
    json!({ "policy": overuse.policy, "grace_days": overuse.grace_days })
}
