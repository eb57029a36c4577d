//! Servers and volumes whose backups need somebody.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ServerId, TenantId, VolumeId};

use super::super::model::{Alert, Backup, Of};

/// The last backup of something failed. What was wrong before is since then. Says whether nothing was wrong before.
pub async fn raise(
    tx: &mut SystemTx,
    (backup, of): (&Backup, Of),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    // A row that was there before is kept, and says so by having been locked by the statement before.
    let known = sqlx::query!(
        "update backup_alert set backup_id = $1, schedule_id = null, reason = $2 where server_id = $3 or volume_id = $4",
        backup.id.0,
        reason,
        of.server().map(|id| id.0),
        of.volume().map(|id| id.0)
    );
    if known.execute(tx.conn()).await?.rows_affected() > 0 {
        return Ok(false);
    }
    // Two backups of one thing are never under way at once, but a schedule may say at the same moment that it missed its time.
    let new = sqlx::query!(
        "insert into backup_alert (server_id, volume_id, tenant_id, backup_id, reason, since) \
         select b.server_id, b.volume_id, b.tenant_id, b.id, $2, $3 from backup b \
         where b.id = $1 and (b.server_id is not null or b.volume_id is not null) on conflict do nothing",
        backup.id.0,
        reason,
        now
    );
    Ok(new.execute(tx.conn()).await?.rows_affected() > 0)
}

/// A schedule made no backup at its time, unless there is a whole one since, or something else is wrong already. Says whether
/// that is new.
pub async fn miss(
    tx: &mut SystemTx,
    (server, tenant): (ServerId, TenantId),
    schedule: ScheduleId,
    (reason, due_at): (&str, DateTime<Utc>),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into backup_alert (server_id, tenant_id, schedule_id, reason, since) select $1, $2, $3, $4, $5 \
         where not exists (select from backup where server_id = $1 and state = 'done' and created_at >= $5) \
         on conflict (server_id) do nothing",
        server.0,
        tenant.0,
        schedule.0,
        reason,
        due_at
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// All is well.
pub async fn clear(tx: &mut SystemTx, of: Of) -> Result<(), Error> {
    sqlx::query!(
        "delete from backup_alert where server_id = $1 or volume_id = $2",
        of.server().map(|id| id.0),
        of.volume().map(|id| id.0)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What is wrong with the backups of something.
pub async fn alert_of(tx: &mut impl Scoped, of: Of) -> Result<Option<String>, Error> {
    let found = sqlx::query_scalar!(
        "select reason from backup_alert where server_id = $1 or volume_id = $2",
        of.server().map(|id| id.0),
        of.volume().map(|id| id.0)
    );
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Those of a tenant, or of all, at most so many, the newest first.
pub async fn alerts(tx: &mut impl Scoped, tenant: Option<TenantId>, most: i64) -> Result<Vec<Alert>, Error> {
    let rows = sqlx::query!(
        r#"select a.server_id, a.volume_id, coalesce(s.name, v.name) as "name!", t.id as tenant_id, t.name as tenant_name,
             a.reason, a.since
           from backup_alert a join tenant t on t.id = a.tenant_id
             left join server s on s.id = a.server_id left join volume v on v.id = a.volume_id
           where s.deleted_at is null and v.deleting_at is null and ($1::uuid is null or a.tenant_id = $1)
           order by a.since desc limit $2"#,
        tenant.map(|id| id.0),
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().filter_map(|row| {
        Some(Alert {
            of: Of::new(row.server_id.map(ServerId), row.volume_id.map(VolumeId))?,
            name: row.name,
            tenant: TenantId(row.tenant_id),
            tenant_name: row.tenant_name,
            reason: row.reason,
            since: row.since,
        })
    });
    Ok(rows.collect())
}

/// How many there are.
pub async fn count_alerts(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup_alert a left join server s on s.id = a.server_id
             left join volume v on v.id = a.volume_id
           where s.deleted_at is null and v.deleting_at is null and ($1::uuid is null or a.tenant_id = $1)"#,
        tenant.map(|id| id.0)
    );
    Ok(count.fetch_one(tx.conn()).await?)
}
