//! What a location has, and whether something more is placed there.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, SystemScope};
use crate::platform::db::Scoped;
use crate::platform::error::{Cause, Error};
use crate::platform::events;
use crate::platform::ids::LocationId;
use crate::servers::model::Resources;

use super::TOPIC;
use super::store::{self, Place, Selling};

/// Refuses what a location has no capacity for, if it does not sell beyond what it has. Asking for less always fits.
pub async fn admit_at(tx: &mut impl Scoped, location: LocationId, more: Resources) -> Result<(), Error> {
    let Some(lack) = store::lacks(tx, location, more).await? else {
        return Ok(());
    };
    let what = match &*lack {
        "cpu" => "processors",
        "memory" => "memory",
        _ => "disk",
    };
    Err(Error::conflict(
        "no-capacity",
        format!(
            "There is no capacity left for this size: the location lacks {what}. Choose a smaller size, or ask the provider."
        ),
    ))
}

/// Asks what the machine has, and keeps the answers. A pool or an engine that is away keeps nobody from asking the other.
pub(super) async fn measure(app: &App, scope: &SystemScope) -> Result<(), Cause> {
    let (pool, engine) = tokio::join!(measure_pool(app, scope), measure_engine(app, scope));
    pool.and(engine)
}

async fn measure_pool(app: &App, scope: &SystemScope) -> Result<(), Cause> {
    let Some(storage) = &app.storage else {
        return Ok(());
    };
    let pool_mib = i64::try_from(storage.total().await? / 1024 / 1024).unwrap_or(i64::MAX);
    let mut tx = scope.begin().await?;
    store::save_pool(&mut tx, pool_mib).await?;
    tx.commit().await?;
    Ok(())
}

async fn measure_engine(app: &App, scope: &SystemScope) -> Result<(), Cause> {
    let info = app.engine.info().await?;
    let cpu_millis = i64::from(info.cpus) * 1000;
    let memory_mib = i64::try_from(info.memory_bytes / 1024 / 1024).unwrap_or(i64::MAX);
    let mut tx = scope.begin().await?;
    store::save_machine(&mut tx, (cpu_millis, memory_mib), app.now()).await?;
    tx.commit().await?;
    Ok(())
}

/// Says what of a location may be sold. `expected` is asked whether the version that is there may be changed.
pub(super) async fn set_selling(
    app: &App,
    scope: &StaffScope,
    id: LocationId,
    choose: impl FnOnce(Selling) -> Selling,
    expected: &(dyn Fn(i64) -> Result<(), Error> + Sync),
) -> Result<Place, Error> {
    let mut tx = scope.begin().await?;
    let before = store::place(&mut tx, id).await?;
    expected(before.version)?;
    let new = choose(before.selling);
    if new == before.selling {
        return Ok(before);
    }
    store::save_selling(&mut tx, id, &new).await?;
    let after = store::place(&mut tx, id).await?;
    events::emit(&mut tx, None, TOPIC, Some(id.0)).await?;
    let target = Target {
        kind: "location",
        id: Some(id.0),
        label: &before.name,
        tenant: None,
    };
    let change = Change::between("location.selling", shown(&before.selling), shown(&new));
    app.audit(&mut tx, &scope.who, &target, &change).await?;
    tx.commit().await?;
    Ok(after)
}

fn shown(selling: &Selling) -> serde_json::Value {
    json!({
        "disk_mib": selling.disk_mib,
        "cpu_percent": selling.cpu_percent,
        "memory_percent": selling.memory_percent,
        "disk_percent": selling.disk_percent,
        "oversell": selling.oversell,
    })
}
