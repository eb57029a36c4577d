//! The verbs: to ask for a drill, and to say when there are any. None of them speaks to the engine.

use std::collections::HashSet;

use chrono::TimeDelta;
use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, SystemScope, TenantScope, Who};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{DrillId, ServerId, TenantId};
use crate::servers;
use crate::tenants;

use super::TOPIC;
use super::model::{Drill, Setting};
use super::store;

/// So long the rows of what has ended are kept to be read.
const KEPT: TimeDelta = TimeDelta::days(90);

/// Asks to prove the newest backup of a member's server now.
pub async fn ask(app: &App, scope: &TenantScope, server: ServerId) -> Result<Drill, Error> {
    let mut tx = scope.begin().await?;
    let drill = ask_in(app, &mut tx, &scope.who, server).await?;
    tx.commit().await?;
    Ok(drill)
}

/// Asks the same of any server, for staff.
pub async fn ask_as_staff(app: &App, scope: &StaffScope, server: ServerId) -> Result<Drill, Error> {
    let mut tx = scope.begin().await?;
    let drill = ask_in(app, &mut tx, &scope.who, server).await?;
    tx.commit().await?;
    Ok(drill)
}

async fn ask_in(app: &App, tx: &mut impl Scoped, who: &Who, id: ServerId) -> Result<Drill, Error> {
    let server = servers::find(tx, id).await?;
    if server.is_deleted() {
        return Err(Error::conflict(
            "server-deleted",
            "The server is deleted. Restore it first.",
        ));
    }
    // A drill runs the server's programs.
    if server.suspension.is_some() || !server.is_tenant_active {
        return Err(Error::conflict(
            "server-suspended",
            "The provider has suspended this server or its organisation, so nothing of it is started.",
        ));
    }
    let newest = store::newest_backup(tx, id).await?.ok_or_else(|| {
        Error::conflict(
            "nothing-to-prove",
            "There is no whole backup of this server yet. Make one first.",
        )
    })?;
    let now = app.now();
    let drill = DrillId::new(&*app.ids, now);
    let asked = (Some(who.label.as_str()), now);
    if !store::add(tx, (drill, server.tenant), &newest, asked).await? {
        return Err(Error::conflict(
            "drill-under-way",
            "A backup of this server is being proven already.",
        ));
    }
    let target = Target {
        kind: "server",
        id: Some(id.0),
        label: &server.name,
        tenant: Some(server.tenant),
    };
    let what = json!({ "drill": drill.to_string(), "backup": newest.backup.to_string() });
    app.audit(tx, who, &target, &Change::to("drill.ask", what))
        .await?;
    events::emit(tx, Some(server.tenant), TOPIC, Some(id.0)).await?;
    let all = store::list(tx, id, 1).await?;
    all.into_iter().next().ok_or(Error::NotFound)
}

/// Says whether a member's tenant wants drills.
pub async fn set_wanted(app: &App, scope: &TenantScope, is_wanted: bool) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    store::set_without(&mut tx, scope.tenant(), (!is_wanted, app.now())).await?;
    tell_wanted(app, &mut tx, &scope.who, scope.tenant(), is_wanted).await?;
    tx.commit().await
}

/// Says it for any tenant.
pub async fn set_wanted_of(
    app: &App,
    scope: &StaffScope,
    tenant: TenantId,
    is_wanted: bool,
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, tenant).await?;
    store::set_without(&mut tx, tenant, (!is_wanted, app.now())).await?;
    tell_wanted(app, &mut tx, &scope.who, tenant, is_wanted).await?;
    tx.commit().await
}

async fn tell_wanted(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: TenantId,
    is_wanted: bool,
) -> Result<(), Error> {
    let tenant = tenants::find_tenant(tx, id).await?;
    let target = Target {
        kind: "tenant",
        id: Some(id.0),
        label: &tenant.name,
        tenant: Some(id),
    };
    let change = Change::to("drill.tenant", json!({ "nightly": is_wanted }));
    app.audit(tx, who, &target, &change).await?;
    events::emit(tx, Some(id), TOPIC, None).await
}

/// Says when drills are.
pub async fn set(
    app: &App,
    scope: &StaffScope,
    new: Setting,
    expected: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<store::KeptSetting, Error> {
    let mut tx = scope.begin().await?;
    expected(store::setting(&mut tx).await?.version)?;
    store::save_setting(&mut tx, new, app.now()).await?;
    let kept = store::setting(&mut tx).await?;
    let target = Target {
        kind: "setting",
        id: None,
        label: "restore drills",
        tenant: None,
    };
    let what = json!({ "on": new.is_on, "hour": new.hour, "zone": new.zone.name() });
    app.audit(&mut tx, &scope.who, &target, &Change::to("drill.set", what))
        .await?;
    tx.commit().await?;
    Ok(kept)
}

/// The keys that drills have on the engine at present: what is called so has its row.
pub async fn active_keys(tx: &mut SystemTx) -> Result<HashSet<String>, Error> {
    store::active(tx).await
}

/// Whether a tenant has a drill that is not over, and so something on the engine.
pub async fn are_open(tx: &mut SystemTx, tenant: TenantId) -> Result<bool, Error> {
    store::are_open(tx, tenant).await
}

/// Forgets drills that ended long ago; what is proven stays known. Says how many.
pub async fn clean_up(app: &App, scope: &SystemScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let count = store::forget(&mut tx, app.now() - KEPT).await?;
    tx.commit().await?;
    Ok(count)
}
