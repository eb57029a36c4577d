//! Where backups can go.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, StaffTx, SystemTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::BackupTargetId;

/// A place that staff know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Its id.
    pub id: BackupTargetId,
    /// What people call it.
    pub name: String,
    /// `volume`, `sftp` or `s3`.
    pub kind: String,
    /// Where it is.
    pub address: String,
    /// Whether backups go there.
    pub is_default: bool,
    /// Whether its address may lead to the panel's own machine.
    pub allow_inside: bool,
    /// Counts changes.
    pub version: i64,
}

/// All of them, by name.
pub async fn targets(tx: &mut StaffTx) -> Result<Vec<Target>, Error> {
    let rows = sqlx::query!(
        "select id, name, kind, address, is_default, allow_inside, version from backup_target order by lower(name)"
    );
    let all = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Target {
        id: BackupTargetId(row.id),
        name: row.name,
        kind: row.kind,
        address: row.address,
        is_default: row.is_default,
        allow_inside: row.allow_inside,
        version: row.version,
    });
    Ok(all.collect())
}

/// One of them; there are few.
pub async fn target(tx: &mut StaffTx, id: BackupTargetId) -> Result<Target, Error> {
    let all = targets(tx).await?;
    all.into_iter().find(|one| one.id == id).ok_or(Error::NotFound)
}

/// One that nobody else changes until the transaction ends.
pub async fn lock_target(tx: &mut StaffTx, id: BackupTargetId) -> Result<Target, Error> {
    let locked = sqlx::query_scalar!("select id from backup_target where id = $1 for update", id.0);
    locked.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    target(tx, id).await
}

/// What opens a target, sealed; nothing for volumes.
pub async fn sealed_of(tx: &mut StaffTx, id: BackupTargetId) -> Result<Option<Vec<u8>>, Error> {
    let sealed = sqlx::query_scalar!(r#"select backup_target_sealed($1) as "sealed?""#, id.0);
    Ok(sealed.fetch_one(tx.conn()).await?)
}

/// The name is another target's: a wrong field.
fn named(error: sqlx::Error) -> Error {
    if violates(&error, "backup_target_name_key") {
        Error::invalid("name", "There is a target of this name already.")
    } else {
        error.into()
    }
}

/// Adds one. Its name is taken: a conflict.
pub async fn add_target(
    tx: &mut StaffTx,
    target: &Target,
    (sealed, may_lead_inside): (&[u8], bool),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_target (id, name, kind, address, sealed, created_at, allow_inside) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        target.id.0,
        target.name,
        target.kind,
        target.address,
        sealed,
        now,
        may_lead_inside
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Keeps what a target is called and what is said of it.
pub async fn change_target(tx: &mut StaffTx, target: &Target) -> Result<(), Error> {
    sqlx::query!(
        "update backup_target set name = $2, address = $3, allow_inside = $4, version = version + 1 where id = $1",
        target.id.0,
        target.name,
        target.address,
        target.allow_inside
    )
    .execute(tx.conn())
    .await
    .map_err(named)?;
    Ok(())
}

/// Keeps what opens a target now.
pub async fn change_sealed(tx: &mut StaffTx, id: BackupTargetId, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!("update backup_target set sealed = $2 where id = $1", id.0, sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether repositories lie at a target.
pub async fn is_used(tx: &mut StaffTx, id: BackupTargetId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from backup_repository where target_id = $1) as "found!""#,
        id.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Forgets a target.
pub async fn remove_target(tx: &mut StaffTx, id: BackupTargetId) -> Result<(), Error> {
    sqlx::query!("delete from backup_target where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Makes one that where backups go from now on. Both this one and the one before change by that.
pub async fn set_default(tx: &mut StaffTx, id: BackupTargetId) -> Result<(), Error> {
    sqlx::query!(
        "update backup_target set is_default = false, version = version + 1 where is_default and id <> $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    let done = sqlx::query!(
        "update backup_target set is_default = true, \
         version = case when is_default then version else version + 1 end where id = $1",
        id.0
    );
    match done.execute(tx.conn()).await?.rows_affected() {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}

/// A target's address, sealed, and whether it may lead inside; nothing is sealed for volumes.
pub async fn sealed(tx: &mut SystemTx, id: BackupTargetId) -> Result<(Option<Vec<u8>>, bool), Error> {
    let found = sqlx::query!(
        "select sealed, allow_inside from backup_target where id = $1",
        id.0
    );
    let row = found.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok((row.sealed, row.allow_inside))
}
