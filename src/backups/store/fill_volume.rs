//! New volumes of a tenant's own that are filled from backups, and what of a volume's backups keeps it.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRestoreId, VolumeId};
use crate::volumes::TOP;

use super::super::model::{Backup, State, VolumeFill};

/// Notes that a volume is to be filled, once it is there.
pub async fn add_volume_filling(
    tx: &mut TenantTx,
    id: BackupRestoreId,
    (volume, name): (VolumeId, &str),
    backup: &Backup,
    (asked_by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_restore (id, tenant_id, backup_id, volume_id, volume, path, name, state, asked_by, created_at, kind, \
         is_ready) values ($1, $2, $3, $4, $5, '', $6, 'waiting', $7, $8, 'fill', false)",
        id.0,
        backup.tenant.0,
        backup.id.0,
        volume.0,
        TOP,
        name,
        asked_by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The volumes that were made from a backup, newest first, at most so many.
pub async fn fills(tx: &mut impl Scoped, backup: BackupId, most: i64) -> Result<Vec<VolumeFill>, Error> {
    let rows = sqlx::query!(
        "select id, volume_id, name, state, error from backup_restore \
         where backup_id = $1 and kind = 'fill' and server_id is null order by created_at desc, id desc limit $2",
        backup.0,
        most
    );
    let all = rows.fetch_all(tx.conn()).await?.into_iter();
    all.map(|row| {
        Ok(VolumeFill {
            id: BackupRestoreId(row.id),
            volume: row.volume_id.map(VolumeId),
            name: row.name,
            state: State::parse(&row.state)?,
            error: row.error,
        })
    })
    .collect()
}

/// Whether a volume is being read for a backup just now.
pub async fn is_saved(tx: &mut impl Scoped, volume: VolumeId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from backup where volume_id = $1 and state = 'running') as "found!""#,
        volume.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Ends whatever was yet to be got back into a volume that goes.
pub async fn end_restores(tx: &mut SystemTx, volume: VolumeId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update backup_restore set state = 'failed', error = 'the volume was deleted', finished_at = $2 \
         where volume_id = $1 and state in ('waiting', 'running')",
        volume.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
