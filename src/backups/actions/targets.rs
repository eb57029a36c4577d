//! The places that backups can go to, which staff add.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::BackupTargetId;

use super::super::model;
use super::super::store;
use super::super::target::NewTarget;

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

fn about(name: &str, id: BackupTargetId) -> Target<'_> {
    Target {
        kind: "backup-target",
        id: Some(id.0),
        label: name,
        tenant: None,
    }
}
