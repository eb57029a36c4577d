//! Servers whose backups need somebody.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ScheduleId, ServerId, TenantId};

use super::super::model::{Alert, Backup};

/// The last backup failed. What was wrong before is since then. Says whether nothing was wrong before.
pub async fn raise(
    tx: &mut SystemTx,
    backup: &Backup,
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    // A row that was there before has been locked by this very statement.
    let is_new = sqlx::query_scalar!(
        r#"insert into backup_alert (server_id, tenant_id, backup_id, reason, since)
           select server_id, tenant_id, id, $2, $3 from backup where id = $1 and server_id is not null
           on conflict (server_id) do update set backup_id = excluded.backup_id, schedule_id = null, reason = excluded.reason
           returning (xmax = 0) as "is_new!""#,
        backup.id.0,
        reason,
        now
    );
    Ok(is_new.fetch_optional(tx.conn()).await?.unwrap_or(false))
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
pub async fn clear(tx: &mut SystemTx, server: ServerId) -> Result<(), Error> {
    sqlx::query!("delete from backup_alert where server_id = $1", server.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// What is wrong with a server's backups.
pub async fn of_server(tx: &mut impl Scoped, server: ServerId) -> Result<Option<String>, Error> {
    let found = sqlx::query_scalar!("select reason from backup_alert where server_id = $1", server.0);
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Those of a tenant, or of all, at most so many, the newest first.
pub async fn alerts(tx: &mut impl Scoped, tenant: Option<TenantId>, most: i64) -> Result<Vec<Alert>, Error> {
    let rows = sqlx::query!(
        "select a.server_id, s.name as server_name, t.name as tenant_name, a.reason, a.since from backup_alert a \
         join server s on s.id = a.server_id join tenant t on t.id = a.tenant_id \
         where s.deleted_at is null and ($1::uuid is null or a.tenant_id = $1) order by a.since desc limit $2",
        tenant.map(|id| id.0),
        most
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Alert {
        server: ServerId(row.server_id),
        server_name: row.server_name,
        tenant_name: row.tenant_name,
        reason: row.reason,
        since: row.since,
    });
    Ok(rows.collect())
}

/// How many there are.
pub async fn count_alerts(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from backup_alert a join server s on s.id = a.server_id
           where s.deleted_at is null and ($1::uuid is null or a.tenant_id = $1)"#,
        tenant.map(|id| id.0)
    );
    Ok(count.fetch_one(tx.conn()).await?)
}
