//! Getting a whole server back: beside, as a new server, or in place.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::{Permission, StaffScope, TenantScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRestoreId, OperationId, ServerId};
use crate::platform::operations::{self, NewOperation};
use crate::servers::{self, CloneData, CloneInput, model::Server};

use super::super::model::Backup;
use super::super::store;
use super::{find, tell};

/// Makes another server of the same template, answers and size, with what a backup holds.
pub async fn into_new(
    app: &App,
    scope: &TenantScope,
    at: (ServerId, BackupId),
    name: Option<String>,
) -> Result<servers::Asked, Error> {
    if !scope.may(Permission::BackupWrite) {
        return Err(Error::Forbidden);
    }
    find(&mut scope.begin().await?, at).await?.whole()?;
    let input = CloneInput {
        name: name.filter(|name| !name.trim().is_empty()),
        // Its source is not read, so it need not hold still.
        data: CloneData::Live,
        snapshot: None,
        backup: Some(at.1),
        same_networks: false,
        start: true,
    };
    servers::clone(app, scope, at.0, input).await
}

/// Makes a server what a backup of the tenant holds; what it has now is kept by a backup first. The backup may be of another
/// server, also of one that is gone, if that was made from the same template.
pub async fn over(
    app: &App,
    scope: &TenantScope,
    at: (ServerId, BackupId),
    typed: Option<&str>,
) -> Result<OperationId, Error> {
    if !scope.may(Permission::ServerPower) {
        return Err(Error::Forbidden);
    }
    let mut tx = scope.begin().await?;
    let operation = over_within(app, &mut tx, &scope.who, at, typed).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(operation)
}

/// The same with any tenant's, for staff.
pub async fn over_as_staff(
    app: &App,
    scope: &StaffScope,
    at: (ServerId, BackupId),
    typed: Option<&str>,
) -> Result<OperationId, Error> {
    if !scope.may(Permission::StaffServerPower) {
        return Err(Error::Forbidden);
    }
    let mut tx = scope.begin().await?;
    let operation = over_within(app, &mut tx, &scope.who, at, typed).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(operation)
}

/// The same inside of a transaction that its caller ends; the caller then pokes the reconciler of servers.
pub async fn over_within(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (id, backup): (ServerId, BackupId),
    typed: Option<&str>,
) -> Result<OperationId, Error> {
    let server = servers::lock(tx, id).await?;
    let backup = check_over(tx, &server, (backup, typed)).await?;
    let now = app.now();
    let operation = open(app, tx, who, &server).await?;
    let restore = BackupRestoreId::new(&*app.ids, now);
    if !store::add_over(tx, restore, (&backup, id, operation), (&who.label, now)).await? {
        return Err(under_way());
    }
    let told = json!({ "server": server.name, "server_id": server.id, "made_at": backup.created_at });
    tell(app, tx, who, &backup, &Change::to("backup.restore_over", told)).await?;
    let text = format!(
        "{} asked to restore it to the backup of {}.",
        who.label,
        backup.created_at.format("%Y-%m-%d %H:%M UTC")
    );
    servers::rewire(app, tx, &server, text).await?;
    Ok(operation)
}

fn under_way() -> Error {
    Error::conflict("restore-under-way", "The server is being restored already.")
}

/// Whether a server can be made what a backup holds.
async fn check_over(
    tx: &mut impl Scoped,
    server: &Server,
    (backup, typed): (BackupId, Option<&str>),
) -> Result<Backup, Error> {
    if typed.is_some_and(|typed| typed.trim() != server.name) {
        let message = format!("Type the server's name: {}", server.name);
        return Err(Error::invalid("confirm", message));
    }
    server.check_stays()?;
    if store::is_restored(tx, server.id).await? {
        return Err(under_way());
    }
    servers::check_whole(tx, server).await?;
    // Held until the wish is written, so that nobody says meanwhile that it is to go.
    let backup = store::lock_any(tx, backup).await?;
    if backup.tenant != server.tenant || backup.is_of_volume {
        return Err(Error::NotFound);
    }
    backup.whole()?;
    check_fit(&backup, server)?;
    servers::check_unshared(tx, server).await?;
    Ok(backup)
}

async fn open(app: &App, tx: &mut impl Scoped, who: &Who, server: &Server) -> Result<OperationId, Error> {
    let now = app.now();
    let operation = OperationId::new(&*app.ids, now);
    let new = NewOperation {
        id: operation,
        tenant: Some(server.tenant),
        kind: "backup.restore_over",
        target_kind: "server",
        target: Some(server.id.0),
        label: &server.name,
        generation: None,
        actor: &who.label,
        now,
    };
    operations::open(tx, &new).await?;
    Ok(operation)
}

/// Files mean something to the template that wrote them only.
fn check_fit(backup: &Backup, server: &Server) -> Result<(), Error> {
    let is_own = backup.server == Some(server.id);
    let is_alike = backup
        .about
        .as_ref()
        .is_some_and(|about| about.template == server.template);
    if is_own || is_alike {
        Ok(())
    } else {
        Err(Error::conflict(
            "backup-of-another-kind",
            "The backup is of a server of another template. Make a server of that template, and restore into it.",
        ))
    }
}
