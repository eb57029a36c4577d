//! The verbs: each one transaction that writes the wish, the event and the audit. None of them speaks to the engine.

mod attached;
mod check;
mod key;
mod make;
mod subject;
mod targets;
mod volume;
mod whole;

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{TenantScope, Who};
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{BackupId, BackupRepositoryId, BackupRestoreId, ServerId, TenantId};
use crate::servers;

use super::TOPIC;
use super::locks;
use super::model::{self, Backup, Of, Restore, State};
use super::store;

pub use check::check_now;
pub use key::reveal_key;
pub use make::{create, create_of_volume, of_stack, of_stack_within, take_within};
pub use targets::{add_target, change_target, open_target, remove_target, set_default};
pub use volume::{delete_of_volume, find_volumes, into_volume, restore_in_volume};
pub use whole::{into_new, over, over_as_staff, over_within};

/// A repository's key is sealed for this.
pub(super) fn key_context(repository: BackupRepositoryId) -> String {
    format!("backup_repository|{repository}")
}

/// Removes a backup, and the data that only it has.
pub async fn delete(app: &App, scope: &TenantScope, place: (ServerId, BackupId)) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let backup = find(&mut tx, place).await?;
    delete_in(app, tx, &scope.who, &backup).await
}

async fn delete_in(app: &App, mut tx: TenantTx, who: &Who, backup: &Backup) -> Result<(), Error> {
    if backup.state == State::Deleting {
        return Ok(());
    }
    if !store::set_deleting(&mut tx, backup.id).await? {
        return Err(Error::conflict(
            "backup-under-way",
            "This backup is being made or restored. Delete it when that is done.",
        ));
    }
    tell(app, &mut tx, who, backup, &Change::plain("backup.delete")).await?;
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
        into: Some(Of::Server(place.0)),
        what: model::place(path)?,
        name: model::name(name)?.to_owned(),
        state: State::Waiting,
        error: None,
    };
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, place.0).await?;
    if server.is_deleted() {
        return Err(Error::conflict(
            "server-deleted",
            "The server is deleted. Restore it first.",
        ));
    }
    let backup = find(&mut tx, place).await?;
    backup.whole()?;
    let locks = locks::of(app, &mut tx, &server).await?;
    locks::check(&locks, &restore.what)?;
    locks::check(
        &locks,
        &model::place(&format!("/{}/{}", restore.what.volume(), restore.name))?,
    )?;
    ask_restore(app, tx, &scope.who, (&backup, &restore)).await?;
    Ok(restore)
}

/// Writes that something is to be got back.
async fn ask_restore(
    app: &App,
    mut tx: TenantTx,
    who: &Who,
    (backup, restore): (&Backup, &Restore),
) -> Result<(), Error> {
    check_queue(&mut tx, backup.tenant).await?;
    store::add_restore(&mut tx, backup, restore, (&who.label, app.now())).await?;
    let what = format!("/{}{}", restore.what.volume(), restore.what.path());
    let change = Change::to("backup.restore", json!({ "path": what, "name": restore.name }));
    tell(app, &mut tx, who, backup, &change).await?;
    tx.commit().await
}

/// Each waits for those before it, and each takes its time.
pub(super) async fn check_queue(tx: &mut TenantTx, tenant: TenantId) -> Result<(), Error> {
    // Two who ask at once are counted one after the other.
    servers::lock_tenant(tx, tenant).await?;
    let used = store::count_restores(tx, tenant).await?;
    if used >= model::MOST_RESTORES {
        return Err(Error::LimitReached {
            what: "restores that wait",
            limit: model::MOST_RESTORES,
            used,
        });
    }
    Ok(())
}

/// Removes a backup of a server or volume that is gone, or of any other of the tenant's.
pub async fn delete_any(app: &App, scope: &TenantScope, id: BackupId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let backup = store::any(&mut tx, id).await?;
    delete_in(app, tx, &scope.who, &backup).await
}

/// A backup of a server that the scope may see.
pub async fn find(tx: &mut TenantTx, (server, id): (ServerId, BackupId)) -> Result<Backup, Error> {
    servers::find(tx, server).await?;
    store::find(tx, (Of::Server(server), id)).await
}

/// Wakes who works on it, and tells pages and the audit.
pub(super) async fn tell(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
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
    events::emit(tx, Some(backup.tenant), TOPIC, backup.of().map(Of::uuid)).await?;
    app.audit(tx, who, &target, change).await
}
