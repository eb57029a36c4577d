//! Making a volume, changing its name and size, and deleting it.

use crate::app::App;
use crate::audit::Change;
use crate::backups;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{BackupId, VolumeId};
use crate::servers;

use super::super::model::{MAX, check_shrink, check_size, parse_name};
use super::super::store::{self, NewVolume};
use super::{Asked, check_unattached, fit, open, shown, tell};

/// Makes a volume, which is empty or filled from a backup.
pub async fn create(
    app: &App,
    scope: &TenantScope,
    (name, size_mib): (&str, Result<i64, String>),
    backup: Option<BackupId>,
) -> Result<Asked, Error> {
    let mut errors = FieldErrors::default();
    let name = errors.check("name", parse_name(name));
    let size_mib = errors.check("size_mib", size_mib.and_then(check_size));
    errors.into_result()?;
    let (Some(name), Some(size_mib)) = (name, size_mib) else {
        return Err(Error::internal("an input without errors lacks a part"));
    };
    let mut tx = scope.begin().await?;
    servers::lock_tenant(&mut tx, scope.tenant()).await?;
    if store::count(&mut tx, scope.tenant()).await? >= MAX {
        return Err(Error::conflict(
            "too-many-volumes",
            format!("An organisation has at most {MAX} volumes. Delete one first."),
        ));
    }
    let location = servers::own_location(&mut tx).await?;
    let location = location.ok_or_else(|| {
        Error::Unavailable("no location was set up yet: no panel has started on this database".into())
    })?;
    let new = NewVolume {
        id: VolumeId::new(&*app.ids, app.now()),
        tenant: scope.tenant(),
        location,
        name: name.as_str(),
        size_mib,
        is_filling: backup.is_some(),
        by: &scope.who.label,
        now: app.now(),
    };
    fit(app, &mut tx, scope, location, size_mib).await?;
    store::insert(&mut tx, &new).await?;
    let volume = store::find(&mut tx, new.id).await?;
    if let Some(backup) = backup {
        backups::fill_volume_from(app, &mut tx, (&volume, backup), &scope.who).await?;
    }
    let operation = open(app, &mut tx, scope, &volume, "volume.create").await?;
    let change = Change::to("volume.create", shown(&volume));
    tell(app, &mut tx, scope, &volume, &change).await?;
    tx.commit().await?;
    Ok(Asked {
        volume,
        operation: Some(operation),
    })
}

/// What somebody changes.
#[derive(Debug, Default)]
pub struct ChangeInput {
    /// Another name.
    pub name: Option<String>,
    /// Another size in MiB, or why what was typed is none.
    pub size_mib: Option<Result<i64, String>>,
}

/// Changes a volume's name and size. What is so already is no change. `is_seen` is asked whether the version that is there may
/// be changed.
pub async fn change(
    app: &App,
    scope: &TenantScope,
    id: VolumeId,
    input: ChangeInput,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<Asked, Error> {
    let mut errors = FieldErrors::default();
    let name = input
        .name
        .as_deref()
        .and_then(|name| errors.check("name", parse_name(name)));
    let size = input
        .size_mib
        .and_then(|size| errors.check("size_mib", size.and_then(check_size)));
    errors.into_result()?;
    let mut tx = scope.begin().await?;
    servers::lock_tenant(&mut tx, scope.tenant()).await?;
    let before = store::lock(&mut tx, id).await?;
    is_seen(before.version)?;
    before.check_stays()?;
    let name = name.filter(|name| name.as_str() != before.name);
    let size = size.filter(|size| *size != before.size_mib);
    if name.is_none() && size.is_none() {
        return Ok(Asked {
            volume: before,
            operation: None,
        });
    }
    if let Some(name) = &name {
        store::save_name(&mut tx, id, name.as_str()).await?;
    }
    if let Some(size) = size {
        before.check_there()?;
        before.check_filled()?;
        check_shrink(size, before.used, before.is_enforced).map_err(|why| Error::invalid("size_mib", why))?;
        fit(app, &mut tx, scope, before.location, size - before.takes_mib()).await?;
        store::resize(&mut tx, id, size, app.now()).await?;
    }
    let volume = store::find(&mut tx, id).await?;
    let operation = match size {
        Some(_) => Some(open(app, &mut tx, scope, &volume, "volume.resize").await?),
        None => None,
    };
    let change = Change::between("volume.change", shown(&before), shown(&volume));
    tell(app, &mut tx, scope, &volume, &change).await?;
    tx.commit().await?;
    Ok(Asked { volume, operation })
}

/// Deletes a volume with its data; `typed` is what somebody typed as its name, where a page asks for that. One that is attached
/// is refused.
pub async fn remove(
    app: &App,
    scope: &TenantScope,
    id: VolumeId,
    typed: Option<&str>,
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    servers::lock_tenant(&mut tx, scope.tenant()).await?;
    let before = store::lock(&mut tx, id).await?;
    if typed.is_some_and(|typed| typed.trim() != before.name) {
        let message = format!("Type the volume's name: {}", before.name);
        return Err(Error::invalid("confirm", message));
    }
    if before.deleting_at.is_some() {
        return Ok(Asked {
            volume: before,
            operation: None,
        });
    }
    check_unattached(&mut tx, &before).await?;
    store::start_deletion(&mut tx, id, app.now()).await?;
    let volume = store::find(&mut tx, id).await?;
    let operation = open(app, &mut tx, scope, &volume, "volume.delete").await?;
    let change = Change {
        action: "volume.delete",
        before: Some(shown(&before)),
        after: None,
    };
    tell(app, &mut tx, scope, &volume, &change).await?;
    tx.commit().await?;
    Ok(Asked {
        volume,
        operation: Some(operation),
    })
}
