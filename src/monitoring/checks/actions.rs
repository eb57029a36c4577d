//! What people do with checks: each one transaction with its event and audit. Nobody looks here: the [runner](super::runner) does,
//! at once where a check is new, changed or resumed.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, TenantScope, Who};
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{CheckId, ServerId};
use crate::servers;

use super::TOPIC;
use super::model::{Check, CheckInput, Dependence, MAX_CHECKS, NewCheck};
use super::store;

fn target(check: &Check) -> Target<'_> {
    Target {
        kind: "check",
        id: Some(check.id.0),
        label: &check.name,
        tenant: Some(check.tenant),
    }
}

/// What audit events tell of a check.
fn shown(check: &Check) -> Value {
    json!({
        "name": check.name,
        "server": check.server.to_string(),
        "looks_at": check.kind,
        "interval_seconds": check.rule.interval_seconds,
        "failures": check.rule.failures,
        "of_last": check.rule.of_last,
        "needs_engine": check.dependence.engine,
        "depends_on": check.dependence.check.map(|id| id.to_string()),
        "paused": check.is_paused,
    })
}

async fn tell(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    check: &Check,
    change: &Change,
) -> Result<(), Error> {
    events::emit(tx, Some(check.tenant), TOPIC, Some(check.id.0)).await?;
    app.audit(tx, who, &target(check), change).await
}

/// Reads what was asked for, for a server that the tenant has. `of` is the check itself, if there is one already.
async fn read(
    tx: &mut TenantTx,
    (server, of): (ServerId, Option<CheckId>),
    input: CheckInput,
) -> Result<NewCheck, Error> {
    let server = servers::find(tx, server).await?;
    let (_, ports) = servers::reached_at(tx, &server).await?;
    let new = input.parse(&ports)?;
    check_dependence(tx, of, new.dependence).await?;
    Ok(new)
}

/// Refuses checks that would wait for each other, or for what is not there.
async fn check_dependence(
    tx: &mut TenantTx,
    of: Option<CheckId>,
    dependence: Dependence,
) -> Result<(), Error> {
    let Some(other) = dependence.check else {
        return Ok(());
    };
    match store::find(tx, other).await {
        Ok(other) if Some(other.id) == of || other.dependence.check.is_some() => Err(Error::invalid(
            "depends_on",
            "Choose a check that depends on no other check.",
        )),
        Err(Error::NotFound) => Err(Error::invalid("depends_on", "Choose another check of yours.")),
        found => found.map(drop),
    }
}

/// Makes a check.
pub(super) async fn create(
    app: &App,
    scope: &TenantScope,
    server: ServerId,
    input: CheckInput,
) -> Result<Check, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let new = read(&mut tx, (server, None), input).await?;
    store::lock_server(&mut tx, server).await?;
    if store::count(&mut tx, server).await? >= MAX_CHECKS {
        let message = format!("A server has at most {MAX_CHECKS} checks. Delete one first.");
        return Err(Error::conflict("too-many-checks", message));
    }
    let id = CheckId::new(&*app.ids, now);
    let of = (id, scope.tenant(), server);
    store::insert(&mut tx, of, &new, &scope.who.label, (now, now)).await?;
    let check = store::find(&mut tx, id).await?;
    let change = Change::to("check.create", shown(&check));
    tell(app, &mut tx, &scope.who, &check, &change).await?;
    tx.commit().await?;
    Ok(check)
}

/// Changes a check, whole. What it had found is forgotten.
pub(super) async fn change(
    app: &App,
    scope: &TenantScope,
    id: CheckId,
    input: impl FnOnce(&Check) -> CheckInput,
    expected: impl Fn(i64) -> Result<(), Error>,
) -> Result<Check, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    expected(before.version)?;
    let new = read(&mut tx, (before.server, Some(id)), input(&before)).await?;
    if new.dependence.check.is_some() && store::has_dependents(&mut tx, id).await? {
        let message = "Other checks depend on this one, so it can depend on no other check.";
        return Err(Error::invalid("depends_on", message));
    }
    let next = (!before.is_paused).then_some(now);
    store::save(&mut tx, id, &new, (now, next)).await?;
    let after = store::find(&mut tx, id).await?;
    let change = Change::between("check.update", shown(&before), shown(&after));
    tell(app, &mut tx, &scope.who, &after, &change).await?;
    tx.commit().await?;
    Ok(after)
}

/// Pauses a check, or resumes it.
pub(super) async fn set_paused(
    app: &App,
    scope: &TenantScope,
    id: CheckId,
    is_paused: bool,
) -> Result<Check, Error> {
    let mut tx = scope.begin().await?;
    let check = write_paused(app, &mut tx, &scope.who, (id, is_paused)).await?;
    tx.commit().await?;
    Ok(check)
}

/// The same of any tenant's.
pub(super) async fn set_paused_as_staff(
    app: &App,
    scope: &StaffScope,
    id: CheckId,
    is_paused: bool,
) -> Result<Check, Error> {
    let mut tx = scope.begin().await?;
    let check = write_paused(app, &mut tx, &scope.who, (id, is_paused)).await?;
    tx.commit().await?;
    Ok(check)
}

async fn write_paused(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (id, is_paused): (CheckId, bool),
) -> Result<Check, Error> {
    let now = app.now();
    let before = store::lock(tx, id).await?;
    if before.is_paused == is_paused {
        return Ok(before);
    }
    let next = (!is_paused).then_some(now);
    store::set_paused(tx, id, next, now).await?;
    let after = store::find(tx, id).await?;
    let verb = if is_paused { "check.pause" } else { "check.resume" };
    let change = Change::between(verb, shown(&before), shown(&after));
    tell(app, tx, who, &after, &change).await?;
    Ok(after)
}

/// Has somebody look now; the grid stays as it is.
pub(super) async fn run_now(app: &App, scope: &TenantScope, id: CheckId) -> Result<Check, Error> {
    let mut tx = scope.begin().await?;
    let check = store::lock(&mut tx, id).await?;
    if check.is_paused {
        return Err(Error::conflict(
            "check-paused",
            "This check is paused. Resume it first.",
        ));
    }
    store::run_now(&mut tx, id, app.now()).await?;
    let change = Change::plain("check.run");
    tell(app, &mut tx, &scope.who, &check, &change).await?;
    tx.commit().await?;
    Ok(check)
}

/// Deletes a check with what it found. An incident that it opened ends.
pub(super) async fn delete(app: &App, scope: &TenantScope, id: CheckId) -> Result<Check, Error> {
    let mut tx = scope.begin().await?;
    let check = store::lock(&mut tx, id).await?;
    store::mark_deleted(&mut tx, id, app.now()).await?;
    let change = Change {
        action: "check.delete",
        before: Some(shown(&check)),
        after: None,
    };
    tell(app, &mut tx, &scope.who, &check, &change).await?;
    tx.commit().await?;
    Ok(check)
}
