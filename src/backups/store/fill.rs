//! Servers and volumes that are filled from backups, and how far that is.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRepositoryId, BackupRestoreId, ServerId, TenantId};

use super::super::model::{Of, State};

/// A server or volume that is filled.
#[derive(Debug)]
pub struct Filled {
    pub(in super::super) id: BackupRestoreId,
    pub(in super::super) tenant: TenantId,
    pub(in super::super) repository: BackupRepositoryId,
    pub(in super::super) state: State,
    /// Whether its volumes are there.
    pub(in super::super) is_ready: bool,
    pub(in super::super) error: Option<String>,
}

/// Notes that a server is to be filled, once its volumes are there.
pub async fn add_filling(
    tx: &mut TenantTx,
    id: BackupRestoreId,
    (server, tenant): (ServerId, TenantId),
    (backup, asked_by): (BackupId, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into backup_copy (server_id, tenant_id, backup_id) values ($1, $2, $3)",
        server.0,
        tenant.0,
        backup.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "insert into backup_restore (id, tenant_id, backup_id, server_id, volume, path, name, state, asked_by, created_at, kind, is_ready) \
         values ($1, $2, $3, $4, '', '', '', 'waiting', $5, $6, 'fill', false)",
        id.0,
        tenant.0,
        backup.0,
        server.0,
        asked_by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a server's data comes from a backup.
pub async fn is_filled(tx: &mut impl Scoped, server: ServerId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from backup_copy where server_id = $1) as "found!""#,
        server.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// How a server or volume is filled; nothing once the backup is gone.
pub async fn filling(tx: &mut SystemTx, of: Of) -> Result<Option<Filled>, Error> {
    let row = sqlx::query!(
        "select r.id, r.tenant_id, r.state, r.is_ready, r.error, b.repository_id from backup_restore r \
         join backup b on b.id = r.backup_id where (r.server_id = $1 or r.volume_id = $1) and r.kind = 'fill'",
        of.uuid()
    );
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(|row| {
        Ok(Filled {
            id: BackupRestoreId(row.id),
            tenant: TenantId(row.tenant_id),
            repository: BackupRepositoryId(row.repository_id),
            state: State::parse(&row.state)?,
            is_ready: row.is_ready,
            error: row.error,
        })
    })
    .transpose()
}

/// The volumes are there.
pub async fn begin_filling(tx: &mut SystemTx, id: BackupRestoreId) -> Result<(), Error> {
    sqlx::query!(
        "update backup_restore set state = 'waiting', is_ready = true, error = null, finished_at = null where id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// That it failed was told.
pub async fn unready(tx: &mut SystemTx, id: BackupRestoreId) -> Result<(), Error> {
    sqlx::query!("update backup_restore set is_ready = false where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
