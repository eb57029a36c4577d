//! The verbs: each one transaction that writes the wish, the event and the audit. None of them speaks to the engine.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupId, BackupRepositoryId, BackupRestoreId, BackupTargetId, ServerId};
use crate::platform::secret::random_text;
use crate::servers;

use super::TOPIC;
use super::model::{self, Backup, MOST, Restore, State};
use super::store;
use super::target::NewTarget;

/// Letters of a repository's key: some 256 bits.
const KEY_LETTERS: usize = 43;

/// A repository's key is sealed for this.
pub(super) fn key_context(repository: BackupRepositoryId) -> String {
    format!("backup_repository|{repository}")
}

/// Backs a server up, as soon as it is its tenant's turn.
pub async fn create(app: &App, scope: &TenantScope, id: ServerId) -> Result<Backup, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    if server.is_deleted() {
        return Err(Error::conflict(
            "server-deleted",
            "The server is deleted. Restore it first.",
        ));
    }
    let used = store::count(&mut tx, id).await?;
    if used >= MOST {
        return Err(Error::LimitReached {
            what: "backups of this server",
            limit: MOST,
            used,
        });
    }
    let repository = repository(app, &mut tx, scope).await?;
    let now = app.now();
    let backup = Backup {
        id: BackupId::new(&*app.ids, now),
        tenant: scope.tenant(),
        repository,
        server: Some(id),
        server_name: server.name,
        state: State::Waiting,
        asked_by: scope.who.label.clone(),
        created_at: now,
        finished_at: None,
        done_bytes: 0,
        total_bytes: 0,
        added_bytes: 0,
        snapshot: None,
        error: None,
    };
    if !store::add(&mut tx, &backup).await? {
        return Err(Error::conflict(
            "backup-under-way",
            "A backup of this server is being made already.",
        ));
    }
    tell(app, &mut tx, scope, &backup, &Change::plain("backup.create")).await?;
    tx.commit().await?;
    Ok(backup)
}

/// The tenant's repository where backups go. Its key is made here, and seen by nobody.
async fn repository(app: &App, tx: &mut TenantTx, scope: &TenantScope) -> Result<BackupRepositoryId, Error> {
    let target = store::default_target(tx).await?;
    let target = target.ok_or_else(|| {
        Error::conflict(
            "no-backup-target",
            "The provider has not said where backups go. Ask the provider.",
        )
    })?;
    let place = (scope.tenant(), target);
    if let Some(known) = store::repository(tx, place).await? {
        return Ok(known);
    }
    let id = BackupRepositoryId::new(&*app.ids, app.now());
    let key = random_text(KEY_LETTERS);
    let sealed = app
        .keyring
        .seal(&key_context(id), key.as_bytes())
        .map_err(Error::internal)?;
    store::add_repository(tx, id, place, (&sealed, app.now())).await?;
    store::repository(tx, place).await?.ok_or(Error::NotFound)
}

/// Removes a backup, and the data that only it has.
pub async fn delete(app: &App, scope: &TenantScope, place: (ServerId, BackupId)) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let backup = find(&mut tx, place).await?;
    if backup.state == State::Deleting {
        return Ok(());
    }
    if !store::set_deleting(&mut tx, backup.id).await? {
        return Err(Error::conflict(
            "backup-under-way",
            "This backup is being made. Delete it when it is done.",
        ));
    }
    tell(app, &mut tx, scope, &backup, &Change::plain("backup.delete")).await?;
    tx.commit().await
}

/// Gets a file, a folder or a volume back, into the root of its volume and under a name of its own.
pub async fn restore(
    app: &App,
    scope: &TenantScope,
    place: (ServerId, BackupId),
    (path, name): (&str, &str),
) -> Result<Restore, Error> {
    let restore = Restore {
        id: BackupRestoreId::new(&*app.ids, app.now()),
        server: place.0,
        what: model::place(path)?,
        name: model::name(name)?.to_owned(),
        state: State::Waiting,
        error: None,
    };
    let mut tx = scope.begin().await?;
    if servers::find(&mut tx, place.0).await?.is_deleted() {
        return Err(Error::conflict(
            "server-deleted",
            "The server is deleted. Restore it first.",
        ));
    }
    let backup = find(&mut tx, place).await?;
    backup.whole()?;
    store::add_restore(&mut tx, &backup, &restore, (&scope.who.label, app.now())).await?;
    let what = format!("/{}{}", restore.what.volume(), restore.what.path());
    let change = Change::to("backup.restore", json!({ "path": what, "name": restore.name }));
    tell(app, &mut tx, scope, &backup, &change).await?;
    tx.commit().await?;
    Ok(restore)
}

/// A backup of a server that the scope may see.
pub async fn find(tx: &mut TenantTx, (server, id): (ServerId, BackupId)) -> Result<Backup, Error> {
    servers::find(tx, server).await?;
    store::find(tx, (server, id)).await
}

/// Wakes who works on it, and tells pages and the audit.
async fn tell(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    backup: &Backup,
    change: &Change,
) -> Result<(), Error> {
    store::poke(tx, backup.repository, app.now()).await?;
    let target = Target {
        kind: "backup",
        id: Some(backup.id.0),
        label: &backup.server_name,
        tenant: Some(backup.tenant),
    };
    events::emit(
        tx,
        Some(backup.tenant),
        TOPIC,
        backup.server.map(|server| server.0),
    )
    .await?;
    app.audit(tx, &scope.who, &target, change).await
}

/// Adds a place that backups can go to.
pub async fn add_target(
    app: &App,
    scope: &StaffScope,
    (name, target): (&str, &NewTarget),
) -> Result<store::Target, Error> {
    let name = model::name(name)?;
    target.check()?;
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
    store::add_target(&mut tx, &added, &sealed, app.now()).await?;
    let what = json!({ "kind": added.kind, "address": added.address });
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
