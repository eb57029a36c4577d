//! What people write of a volume.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, TenantId, VolumeId};

/// A volume to be made.
#[derive(Debug)]
pub struct NewVolume<'a> {
    /// Its id.
    pub id: VolumeId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub location: LocationId,
    /// What people call it.
    pub name: &'a str,
    /// What it should be able to hold, in MiB.
    pub size_mib: i64,
    /// It is yet to be filled from a backup.
    pub is_filling: bool,
    /// Who makes it.
    pub by: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

fn name_is_taken(error: sqlx::Error) -> Error {
    if violates(&error, "volume_name_key") {
        Error::invalid("name", "Another volume has this name. Choose another one.")
    } else {
        error.into()
    }
}

/// Writes a new one. It is due at once.
pub async fn insert(tx: &mut impl Scoped, new: &NewVolume<'_>) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into volume (id, tenant_id, location_id, name, size_mib, created_by, created_at, next_attempt_at, is_filling) \
         values ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
        new.id.0,
        new.tenant.0,
        new.location.0,
        new.name,
        new.size_mib,
        new.by,
        new.now,
        new.is_filling
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Writes a new name.
pub async fn save_name(tx: &mut impl Scoped, id: VolumeId, name: &str) -> Result<(), Error> {
    let done = sqlx::query!(
        "update volume set name = $2, version = version + 1 where id = $1",
        id.0,
        name
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Wishes for another size. It is due at once, whatever failed before.
pub async fn resize(
    tx: &mut impl Scoped,
    id: VolumeId,
    size_mib: i64,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update volume set size_mib = $2, version = version + 1, generation = generation + 1, last_error = null, \
         error_count = 0, next_attempt_at = $3 where id = $1",
        id.0,
        size_mib,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Wishes for its end, unless somebody has. It is due at once.
pub async fn start_deletion(tx: &mut impl Scoped, id: VolumeId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update volume set deleting_at = $2, version = version + 1, generation = generation + 1, last_error = null, \
         error_count = 0, next_attempt_at = $2 where id = $1 and deleting_at is null",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks for the end of all volumes of a tenant whose servers are on their way out. Says how many are left, those that are
/// being removed included.
pub async fn let_all_go(tx: &mut SystemTx, tenant: TenantId, now: DateTime<Utc>) -> Result<i64, Error> {
    sqlx::query!(
        "update volume_attachment set is_wanted = false where tenant_id = $1",
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update volume set deleting_at = $2, version = version + 1, generation = generation + 1, last_error = null, \
         error_count = 0, next_attempt_at = $2 where tenant_id = $1 and deleting_at is null",
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    let left = sqlx::query_scalar!(
        r#"select count(*) as "left!" from volume where tenant_id = $1"#,
        tenant.0
    );
    Ok(left.fetch_one(tx.conn()).await?)
}
