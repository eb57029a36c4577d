//! Servers that are made what a backup holds.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRestoreId, OperationId, ServerId};

use super::super::model::Backup;
use super::rows::any;

/// Adds a wish to restore a server in place, and wakes who does it. Says whether it could: there is one at a time.
pub async fn add_over(
    tx: &mut impl Scoped,
    id: BackupRestoreId,
    (backup, server, operation): (&Backup, ServerId, OperationId),
    (asked_by, now): (&str, DateTime<Utc>),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into backup_restore (id, tenant_id, backup_id, server_id, volume, path, name, state, asked_by, created_at, kind, \
         operation_id) values ($1, $2, $3, $4, '', '', '', 'waiting', $5, $6, 'over', $7) \
         on conflict (server_id) where kind <> 'beside' and state in ('waiting', 'running') do nothing",
        id.0,
        backup.tenant.0,
        backup.id.0,
        server.0,
        asked_by,
        now,
        operation.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Notes the backup that keeps what was there before.
pub async fn note_safety(tx: &mut SystemTx, id: BackupRestoreId, safety: BackupId) -> Result<(), Error> {
    sqlx::query!(
        "update backup_restore set safety_id = $2 where id = $1",
        id.0,
        safety.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that what was there begins to be replaced.
pub async fn note_begun(tx: &mut SystemTx, id: BackupRestoreId) -> Result<(), Error> {
    sqlx::query!("update backup_restore set is_begun = true where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Whether a server is being restored in place, or waits for it.
pub async fn is_restored(tx: &mut impl Scoped, id: ServerId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(r#"select server_is_restored($1) as "restored!""#, id.0);
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Has whoever waits to restore a server in place look at once, and as often as at first. Says whether somebody waits.
pub async fn wake(tx: &mut SystemTx, server: ServerId, now: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update backup_repository set next_attempt_at = $2, error_count = 0 where id in ( \
           select b.repository_id from backup_restore r join backup b on b.id = r.backup_id \
           where r.server_id = $1 and r.kind = 'over' and r.state in ('waiting', 'running'))",
        server.0,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// One that the scope may see, also of a server that is gone, which nobody else changes until this is over.
pub async fn lock_any(tx: &mut impl Scoped, id: BackupId) -> Result<Backup, Error> {
    let locked = sqlx::query_scalar!("select id from backup where id = $1 for update", id.0);
    locked.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    any(tx, id).await
}

/// The servers of a backup's tenant that can be made what it holds, by name, at most so many: those of the same template that have
/// their files for themselves.
pub async fn fitting(
    tx: &mut impl Scoped,
    backup: &Backup,
    most: i64,
) -> Result<Vec<(ServerId, String)>, Error> {
    let template = backup.about.as_ref().map(|about| about.template.as_str());
    let rows = sqlx::query!(
        "select id, name from server s where tenant_id = $1 and deleted_at is null and volumes_of is null \
         and (id = $2 or template = $3) and not exists (select from server other where other.volumes_of = s.id) \
         order by lower(name), id limit $4",
        backup.tenant.0,
        backup.server.map(|server| server.0),
        template,
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (ServerId(row.id), row.name)).collect())
}
