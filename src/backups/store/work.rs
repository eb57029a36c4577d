//! What is to be done in a repository, and how it went.

use chrono::{DateTime, Utc};

use super::super::model::{Backup, Restore, State};
use super::rows::{by_id, restores};
use crate::drivers::backup::{Progress, Summary};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRepositoryId, BackupRestoreId};

/// What is to be done in a repository, oldest first.
pub enum Job {
    /// Make this backup.
    Make(Backup),
    /// Remove this one.
    Remove(Backup),
    /// Get this back from that backup.
    GetBack(Backup, Restore),
}

/// The next thing to do. What was under way when a panel died comes first.
pub async fn next(tx: &mut SystemTx, repository: BackupRepositoryId) -> Result<Option<Job>, Error> {
    let restore = sqlx::query!(
        r#"select r.id, r.backup_id, b.server_id as "server_id?" from backup_restore r join backup b on b.id = r.backup_id
           where b.repository_id = $1 and r.state in ('waiting', 'running') order by r.created_at limit 1"#,
        repository.0
    );
    if let Some(row) = restore.fetch_optional(tx.conn()).await? {
        let backup = by_id(tx, BackupId(row.backup_id)).await?;
        let all = restores(tx, backup.id, i64::MAX).await?;
        let restore = all.into_iter().find(|restore| restore.id.0 == row.id);
        return Ok(restore.map(|restore| Job::GetBack(backup, restore)));
    }
    let due = sqlx::query_scalar!(
        "select id from backup where repository_id = $1 and state in ('waiting', 'running', 'deleting') \
         order by created_at limit 1",
        repository.0
    );
    let Some(id) = due.fetch_optional(tx.conn()).await? else {
        return Ok(None);
    };
    let backup = by_id(tx, BackupId(id)).await?;
    Ok(Some(match backup.state {
        State::Deleting => Job::Remove(backup),
        _ => Job::Make(backup),
    }))
}

/// It has begun, or goes on.
pub async fn note(
    tx: &mut SystemTx,
    id: BackupId,
    progress: Progress,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update backup set state = 'running', started_at = coalesce(started_at, $2), done_bytes = $3, total_bytes = $4 \
         where id = $1 and state in ('waiting', 'running')",
        id.0,
        now,
        i64::try_from(progress.done).unwrap_or(i64::MAX),
        i64::try_from(progress.total).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It is whole.
pub async fn finish(
    tx: &mut SystemTx,
    id: BackupId,
    summary: &Summary,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let bytes = i64::try_from(summary.bytes).unwrap_or(i64::MAX);
    sqlx::query!(
        "update backup set state = 'done', finished_at = $2, snapshot = $3, done_bytes = $4, total_bytes = $4, \
         added_bytes = $5, error = null where id = $1",
        id.0,
        now,
        summary.snapshot,
        bytes,
        i64::try_from(summary.added).unwrap_or(i64::MAX)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It will not be.
pub async fn fail(tx: &mut SystemTx, id: BackupId, error: &str, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update backup set state = 'failed', finished_at = $2, error = $3 where id = $1",
        id.0,
        now,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// It is gone.
pub async fn erase(tx: &mut SystemTx, id: BackupId) -> Result<(), Error> {
    sqlx::query!("delete from backup where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What a repository's backups have made it grow by together, in bytes.
pub async fn held(tx: &mut SystemTx, id: BackupRepositoryId) -> Result<i64, Error> {
    let held = sqlx::query_scalar!(
        r#"select coalesce(sum(added_bytes), 0)::bigint as "held!" from backup where repository_id = $1"#,
        id.0
    );
    Ok(held.fetch_one(tx.conn()).await?)
}

/// How getting something back ended.
pub async fn end_restore(
    tx: &mut SystemTx,
    id: BackupRestoreId,
    error: Option<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update backup_restore set state = case when $2::text is null then 'done' else 'failed' end, error = $2, \
         finished_at = $3 where id = $1",
        id.0,
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The sealed keys of all repositories.
#[cfg(all(test, feature = "testing"))]
pub async fn keys(tx: &mut SystemTx) -> Result<Vec<Vec<u8>>, Error> {
    let keys = sqlx::query_scalar!("select sealed_key from backup_repository");
    Ok(keys.fetch_all(tx.conn()).await?)
}
