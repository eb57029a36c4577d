//! The volumes that servers have: what keeps them, and what they may hold and hold.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Volume, bytes_of};

/// The volumes of a server that are its own, by name.
pub async fn volumes(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Volume>, Error> {
    let rows = sqlx::query!(
        "select name, is_pooled, is_enforced, size_bytes, used_bytes from server_volume where server_id = $1 \
         order by name",
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Volume {
            name: row.name,
            is_pooled: row.is_pooled,
            is_enforced: row.is_enforced,
            size: bytes_of(row.size_bytes),
            used: row.used_bytes.map(bytes_of),
        })
        .collect())
}

/// Notes a volume that a server has, and what that says of its disk and of the disks of those that use it. One that is noted
/// stays as it is.
pub async fn note_volume(tx: &mut SystemTx, server: ServerId, volume: &Volume) -> Result<(), Error> {
    sqlx::query!(
        "with noted as ( \
           insert into server_volume (server_id, tenant_id, name, is_pooled, is_enforced, size_bytes) \
           select id, tenant_id, $2, $3, $4, $5 from server where id = $1 on conflict do nothing returning is_enforced) \
         update server s set is_disk_enforced = coalesce(s.is_disk_enforced, true) and n.is_enforced from noted n \
         where s.id = $1 or s.volumes_of = $1",
        server.0,
        volume.name,
        volume.is_pooled,
        volume.is_enforced,
        i64::try_from(volume.size).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what a volume may hold now.
pub async fn note_size(tx: &mut SystemTx, server: ServerId, name: &str, size: u64) -> Result<(), Error> {
    sqlx::query!(
        "update server_volume set size_bytes = $3 where server_id = $1 and name = $2",
        server.0,
        name,
        i64::try_from(size).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has servers look again at once that stand still for this reason. Says how many.
pub async fn wake_stuck(tx: &mut SystemTx, error: &str, now: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!(
        "update server set retry_at = null, next_attempt_at = $2 where last_error like '%' || $1",
        error,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
