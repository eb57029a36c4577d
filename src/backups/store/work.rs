//! What is to be done in a repository, and how it went.

use chrono::{DateTime, Utc};

use super::super::model::{About, Backup, Of, Restore, State, VolumeFill, Whole, WholeRestore};
use super::fill_volume::fills;
use super::rows::{by_id, going, restores};
use crate::drivers::backup::{Progress, Summary};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{
    BackupId, BackupRepositoryId, BackupRestoreId, OperationId, ScheduleId, ServerId,
};

/// What is to be done in a repository, oldest first.
pub enum Job {
    /// Make this backup.
    Make(Backup),
    /// Remove these.
    Remove(Vec<Backup>),
    /// Get this back from that backup.
    GetBack(Backup, Restore),
    /// Get a whole server back.
    Whole(Backup, WholeRestore),
    /// Check the repository.
    Check,
    /// Fill a new volume.
    Fill(Backup, VolumeFill),
}

/// The next thing to do, but for a check, which waits for all that. What was under way when a panel died comes first.
pub async fn next(tx: &mut SystemTx, repository: BackupRepositoryId) -> Result<Option<Job>, Error> {
    let restore = sqlx::query!(
        "select r.id, r.backup_id, r.server_id, r.kind, r.operation_id, r.safety_id, r.is_begun from backup_restore r \
         join backup b on b.id = r.backup_id \
         where b.repository_id = $1 and r.state in ('waiting', 'running') and r.is_ready order by r.created_at limit 1",
        repository.0
    );
    if let Some(row) = restore.fetch_optional(tx.conn()).await? {
        let backup = by_id(tx, BackupId(row.backup_id)).await?;
        if let ("fill" | "over", Some(server)) = (row.kind.as_str(), row.server_id) {
            let restore = WholeRestore {
                id: BackupRestoreId(row.id),
                server: ServerId(server),
                how: if row.kind == "fill" {
                    Whole::Fill
                } else {
                    Whole::Over
                },
                operation: row.operation_id.map(OperationId),
                safety: row.safety_id.map(BackupId),
                is_begun: row.is_begun,
            };
            return Ok(Some(Job::Whole(backup, restore)));
        }
        if row.kind != "beside" {
            let all = fills(tx, backup.id, i64::MAX).await?;
            let fill = all.into_iter().find(|fill| fill.id.0 == row.id);
            return Ok(fill.map(|fill| Job::Fill(backup, fill)));
        }
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
        State::Deleting => Job::Remove(going(tx, repository).await?),
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
    (summary, about): (&Summary, &About),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let about = serde_json::to_value(about).map_err(Error::internal)?;
    let bytes = i64::try_from(summary.bytes).unwrap_or(i64::MAX);
    sqlx::query!(
        "update backup set state = 'done', finished_at = $2, snapshot = $3, done_bytes = $4, total_bytes = $4, \
         added_bytes = $5, error = null, about = $6 where id = $1",
        id.0,
        now,
        summary.snapshot,
        bytes,
        i64::try_from(summary.added).unwrap_or(i64::MAX),
        about
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

/// It was to go and could not: it is what it was before.
pub async fn keep(tx: &mut SystemTx, id: BackupId, error: &str) -> Result<(), Error> {
    sqlx::query!(
        "update backup set state = case when snapshot is null then 'failed' else 'done' end, error = $2 where id = $1",
        id.0,
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

/// What reports to an operation: how many are not over yet, and how those that failed did, in words.
pub async fn reported(tx: &mut SystemTx, operation: OperationId) -> Result<(i64, Vec<String>), Error> {
    let rows = sqlx::query!(
        "select server_name, state, error from backup where operation_id = $1 order by server_name, id",
        operation.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let is_open = |state: &str| matches!(state, "waiting" | "running");
    let open = rows.iter().filter(|row| is_open(&row.state)).count();
    let failed = rows.into_iter().filter(|row| row.state == "failed");
    let failed = failed.map(|row| format!("{}: {}", row.server_name, row.error.unwrap_or_default()));
    Ok((i64::try_from(open).unwrap_or(i64::MAX), failed.collect()))
}

/// When a schedule made those backups of a server or volume that are whole, newest first.
pub async fn made(
    tx: &mut SystemTx,
    (schedule, of): (ScheduleId, Of),
) -> Result<Vec<(BackupId, DateTime<Utc>)>, Error> {
    let rows = sqlx::query!(
        "select id, created_at from backup where schedule_id = $1 and (server_id = $2 or volume_id = $2) and state = 'done' \
         order by created_at desc, id desc",
        schedule.0,
        of.uuid()
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (BackupId(row.id), row.created_at)).collect())
}

/// Says that these are to go, and those that failed beyond the newest few.
pub async fn let_go(
    tx: &mut SystemTx,
    (schedule, of): (ScheduleId, Of),
    (going, failures): (&[BackupId], i64),
) -> Result<(), Error> {
    let going: Vec<uuid::Uuid> = going.iter().map(|id| id.0).collect();
    sqlx::query!(
        "update backup set state = 'deleting' where schedule_id = $1 and (server_id = $2 or volume_id = $2) \
         and ((state = 'done' and id = any($3)) \
         or id in (select id from backup where schedule_id = $1 and (server_id = $2 or volume_id = $2) and state = 'failed' \
                   order by created_at desc, id desc offset $4)) \
         and not exists (select from backup_restore r where r.backup_id = backup.id and r.kind <> 'beside' \
                         and r.state in ('waiting', 'running'))",
        schedule.0,
        of.uuid(),
        &going,
        failures
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
