//! The places that backups can go to, which staff add, change and remove.

use serde_json::{Value, json};

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::BackupTargetId;

use super::super::change::TargetChange;
use super::super::model;
use super::super::store;
use super::super::target::{self, NewTarget};

/// Adds a place that backups can go to.
pub async fn add_target(
    app: &App,
    scope: &StaffScope,
    (name, target, allow_inside): (&str, &NewTarget, bool),
) -> Result<store::Target, Error> {
    let name = model::name(name)?;
    target.check()?;
    if !allow_inside {
        target.check_outside().await?;
    }
    let id = BackupTargetId::new(&*app.ids, app.now());
    let sealed = target.seal(&app.keyring, id)?;
    let added = store::Target {
        id,
        name: name.to_owned(),
        kind: target.kind().to_owned(),
        address: target.words(),
        is_default: false,
        allow_inside,
        version: 1,
    };
    let mut tx = scope.begin().await?;
    store::add_target(&mut tx, &added, (&sealed, allow_inside), app.now()).await?;
    let what = json!({ "kind": added.kind, "address": added.address, "allow_inside": allow_inside });
    let about = about(&added.name, id);
    app.audit(
        &mut tx,
        &scope.who,
        &about,
        &Change::to("backup-target.create", what),
    )
    .await?;
    tx.commit().await?;
    Ok(added)
}

/// Lets backups go there from now on. Those that are elsewhere stay there.
pub async fn set_default(app: &App, scope: &StaffScope, id: BackupTargetId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    store::set_default(&mut tx, id).await?;
    let all = store::targets(&mut tx).await?;
    let name = all
        .iter()
        .find(|target| target.id == id)
        .map_or("", |target| target.name.as_str());
    let change = Change::plain("backup-target.default");
    app.audit(&mut tx, &scope.who, &about(name, id), &change).await?;
    tx.commit().await
}

/// A target and what opens it, which a volume does not need.
pub async fn open_target(
    app: &App,
    scope: &StaffScope,
    id: BackupTargetId,
) -> Result<(store::Target, Option<NewTarget>), Error> {
    let mut tx = scope.begin().await?;
    let known = store::target(&mut tx, id).await?;
    let sealed = store::sealed_of(&mut tx, id).await?;
    let opened = sealed.map(|sealed| target::opened(&app.keyring, id, &sealed));
    Ok((known, opened.transpose()?))
}

/// Changes what a target is called and what opens it; where it is stays. `is_seen` is asked whether the version that is there may be
/// changed. What is as it was is not written.
pub async fn change_target(
    app: &App,
    scope: &StaffScope,
    id: BackupTargetId,
    change: &TargetChange,
    is_seen: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<store::Target, Error> {
    loop {
        let (known, opened) = open_target(app, scope, id).await?;
        is_seen(known.version)?;
        let (after, opened) = changed(&known, opened, change).await?;
        if after == known && opened.is_none() {
            return Ok(known);
        }
        if write(app, scope, &known, (&after, opened.as_ref())).await? {
            return Ok(store::Target {
                version: known.version + 1,
                ..after
            });
        }
        // Somebody else was faster. Who has seen another version is told so now; whoever set no condition changes what is there.
    }
}

/// Writes what a target is after a change, and what opens it if that is another thing. Says whether it could: it is still the one
/// that was known. An address may have been looked up meanwhile, and nothing is locked for that long.
async fn write(
    app: &App,
    scope: &StaffScope,
    known: &store::Target,
    (after, opened): (&store::Target, Option<&NewTarget>),
) -> Result<bool, Error> {
    let mut tx = scope.begin().await?;
    if store::lock_target(&mut tx, known.id).await?.version != known.version {
        return Ok(false);
    }
    store::change_target(&mut tx, after).await?;
    if let Some(opened) = opened {
        let sealed = opened.seal(&app.keyring, known.id)?;
        store::change_sealed(&mut tx, known.id, &sealed).await?;
    }
    let mut told = shown(after);
    told["opened_anew"] = json!(opened.is_some());
    let told = Change::between("backup-target.change", shown(known), told);
    app.audit(&mut tx, &scope.who, &about(&after.name, known.id), &told)
        .await?;
    tx.commit().await?;
    Ok(true)
}

/// What a target is after a change, and what opens it then if that is not what did before.
async fn changed(
    known: &store::Target,
    opened: Option<NewTarget>,
    change: &TargetChange,
) -> Result<(store::Target, Option<NewTarget>), Error> {
    let name = change.name.as_deref().unwrap_or(&known.name);
    let mut after = store::Target {
        name: model::name(name)?.to_owned(),
        allow_inside: change.allow_inside.unwrap_or(known.allow_inside),
        ..known.clone()
    };
    let Some(opened) = opened else {
        change.check(None)?;
        return Ok((after, None));
    };
    let new = opened.clone().changed(change)?;
    let is_opened_anew = new != opened;
    let is_reached_anew = is_opened_anew || after.allow_inside != known.allow_inside;
    if is_reached_anew && !after.allow_inside {
        new.check_outside().await?;
    }
    after.address = new.words();
    Ok((after, is_opened_anew.then_some(new)))
}

/// Removes a target that nothing goes to and nothing lies at.
pub async fn remove_target(app: &App, scope: &StaffScope, id: BackupTargetId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let known = store::lock_target(&mut tx, id).await?;
    if known.kind == "volume" {
        return Err(Error::conflict(
            "target-stays",
            "This machine is a target from the first day on, and can't be added again, so it stays.",
        ));
    }
    if known.is_default {
        return Err(Error::conflict(
            "target-is-default",
            "New backups go there. Let them go to another target first.",
        ));
    }
    if store::is_used(&mut tx, id).await? {
        return Err(Error::conflict(
            "target-in-use",
            "Organisations have repositories there. It can be deleted when none of them is left.",
        ));
    }
    store::remove_target(&mut tx, id).await?;
    let change = Change {
        action: "backup-target.delete",
        before: Some(shown(&known)),
        after: None,
    };
    app.audit(&mut tx, &scope.who, &about(&known.name, id), &change)
        .await?;
    tx.commit().await
}

/// What audit events tell of a target. No secret is among it.
fn shown(target: &store::Target) -> Value {
    json!({
        "name": target.name,
        "kind": target.kind,
        "address": target.address,
        "allow_inside": target.allow_inside,
    })
}

fn about(name: &str, id: BackupTargetId) -> Target<'_> {
    Target {
        kind: "backup-target",
        id: Some(id.0),
        label: name,
        tenant: None,
    }
}
