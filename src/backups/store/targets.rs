//! Where backups can go.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::BackupTargetId;

/// A place that staff know.
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
}

/// All of them, by name.
pub async fn targets(tx: &mut StaffTx) -> Result<Vec<Target>, Error> {
    let rows =
        sqlx::query!("select id, name, kind, address, is_default from backup_target order by lower(name)");
    let all = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Target {
        id: BackupTargetId(row.id),
        name: row.name,
        kind: row.kind,
        address: row.address,
        is_default: row.is_default,
    });
    Ok(all.collect())
}

/// Adds one. Its name is taken: a conflict.
pub async fn add_target(
    tx: &mut StaffTx,
    target: &Target,
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_target (id, name, kind, address, sealed, created_at) values ($1, $2, $3, $4, $5, $6)",
        target.id.0,
        target.name,
        target.kind,
        target.address,
        sealed,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(|error| {
        if violates(&error, "backup_target_name_key") {
            Error::invalid("name", "There is a target of this name already.")
        } else {
            error.into()
        }
    })?;
    Ok(())
}

/// Makes one that where backups go from now on.
pub async fn set_default(tx: &mut StaffTx, id: BackupTargetId) -> Result<(), Error> {
    sqlx::query!("update backup_target set is_default = false where is_default")
        .execute(tx.conn())
        .await?;
    let done = sqlx::query!("update backup_target set is_default = true where id = $1", id.0);
    match done.execute(tx.conn()).await?.rows_affected() {
        0 => Err(Error::NotFound),
        _ => Ok(()),
    }
}
