//! What is known of servers' backups, and the alerts.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::model::Proof;
use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

/// What is known of a server's backups.
pub async fn proof(tx: &mut impl Scoped, server: ServerId) -> Result<Option<Proof>, Error> {
    let found = sqlx::query_as!(
        Proof,
        "select proven_at, proven_backup_at, failed_since, reason from restore_proof where server_id = $1",
        server.0
    );
    Ok(found.fetch_optional(tx.conn()).await?)
}

/// Writes that a backup was proven. Says since when none could be, if there was an alert.
pub async fn prove(
    tx: &mut SystemTx,
    (server, tenant): (ServerId, TenantId),
    backup_at: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, Error> {
    let before = sqlx::query_scalar!(
        "select failed_since from restore_proof where server_id = $1",
        server.0
    )
    .fetch_optional(tx.conn())
    .await?
    .flatten();
    sqlx::query!(
        "insert into restore_proof (server_id, tenant_id, proven_at, proven_backup_at, looked_at) \
         select id, tenant_id, $3, $4, $3 from server where id = $1 and tenant_id = $2 \
         on conflict (server_id) do update set tenant_id = $2, proven_at = $3, proven_backup_at = $4, looked_at = $3, \
           failed_since = null, reason = null",
        server.0,
        tenant.0,
        now,
        backup_at
    )
    .execute(tx.conn())
    .await?;
    Ok(before)
}

/// Writes that one could not be. Says whether that is news.
pub async fn fail(
    tx: &mut SystemTx,
    (server, tenant): (ServerId, TenantId),
    reason: &str,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let since = sqlx::query_scalar!(
        "insert into restore_proof as p (server_id, tenant_id, failed_since, reason, looked_at) \
         select id, tenant_id, $3, $4, $3 from server where id = $1 and tenant_id = $2 \
         on conflict (server_id) do update set tenant_id = $2, failed_since = coalesce(p.failed_since, $3), reason = $4, \
           looked_at = $3 returning failed_since",
        server.0,
        tenant.0,
        now,
        reason
    );
    Ok(since.fetch_optional(tx.conn()).await?.flatten() == Some(now))
}

/// A server whose backups could not be restored.
#[derive(Debug, Clone)]
pub struct Alert {
    /// The server.
    pub server: ServerId,
    /// What it is called.
    pub name: String,
    /// Its tenant's name.
    pub tenant: String,
    /// Since when.
    pub since: DateTime<Utc>,
    /// Why.
    pub reason: String,
}

/// The alerts that stand, of a tenant or of all, those that stand longest first.
pub async fn alerts(tx: &mut impl Scoped, tenant: Option<TenantId>, limit: i64) -> Result<Vec<Alert>, Error> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, t.name as tenant, p.failed_since as "since!", p.reason as "reason!"
           from restore_proof p join server s on s.id = p.server_id and s.tenant_id = p.tenant_id and s.deleted_at is null
             join tenant t on t.id = s.tenant_id
           where p.failed_since is not null and ($1::uuid is null or p.tenant_id = $1)
           order by p.failed_since, s.id limit $2"#,
        tenant.map(|id| id.0),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Alert {
            server: ServerId(row.id),
            name: row.name,
            tenant: row.tenant,
            since: row.since,
            reason: row.reason,
        })
        .collect())
}

/// When a backup of a tenant's was proven last, and how many of its servers have whole backups.
pub async fn tenant_proof(
    tx: &mut impl Scoped,
    tenant: TenantId,
) -> Result<(Option<DateTime<Utc>>, i64), Error> {
    let found = sqlx::query!(
        r#"select (select max(proven_at) from restore_proof where tenant_id = $1) as proven_at,
             (select count(distinct b.server_id) from backup b join server s on s.id = b.server_id
               where b.tenant_id = $1 and b.state = 'done' and s.deleted_at is null) as "servers!""#,
        tenant.0
    );
    let found = found.fetch_one(tx.conn()).await?;
    Ok((found.proven_at, found.servers))
}

/// A tenant as staff see it.
#[derive(Debug, Clone)]
pub struct StaffRow {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name.
    pub name: String,
    /// Servers with whole backups.
    pub servers: i64,
    /// When one was proven last.
    pub proven_at: Option<DateTime<Utc>>,
    /// How many servers have an alert.
    pub alerts: i64,
    /// Whether it wants no drills.
    pub is_without: bool,
}

/// Tenants with backups, those whose last proof is the oldest first, after a place.
pub async fn oldest(
    tx: &mut StaffTx,
    after: Option<(DateTime<Utc>, Uuid)>,
    limit: i64,
) -> Result<Vec<StaffRow>, Error> {
    let (at, id) = after.unzip();
    let rows = sqlx::query!(
        r#"select t.id, t.name, b.servers as "servers!", p.proven_at as "proven_at?", coalesce(p.alerts, 0) as "alerts!",
             w.tenant_id is not null as "is_without!"
           from tenant t
             join (select b.tenant_id, count(distinct b.server_id) as servers from backup b join server s on s.id = b.server_id
               where b.state = 'done' and s.deleted_at is null group by 1) b on b.tenant_id = t.id
             left join (select p.tenant_id, max(p.proven_at) as proven_at, count(p.failed_since) as alerts
               from restore_proof p join server s on s.id = p.server_id and s.deleted_at is null group by 1) p on p.tenant_id = t.id
             left join tenant_without_drills w on w.tenant_id = t.id
           where t.status <> 'closed'
             and ($1::timestamptz is null or (coalesce(p.proven_at, 'epoch'), t.id) > ($1, $2::uuid))
           order by coalesce(p.proven_at, 'epoch'), t.id limit $3"#,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| StaffRow {
            tenant: TenantId(row.id),
            name: row.name,
            servers: row.servers,
            proven_at: row.proven_at,
            alerts: row.alerts,
            is_without: row.is_without,
        })
        .collect())
}

/// A tenant's servers with whole backups, by name, and what is known of them.
pub async fn servers(
    tx: &mut impl Scoped,
    tenant: TenantId,
) -> Result<Vec<(ServerId, String, Option<Proof>)>, Error> {
    let rows = sqlx::query!(
        r#"select s.id, s.name, p.server_id is not null as "is_known!", p.proven_at as "proven_at?",
             p.proven_backup_at as "proven_backup_at?", p.failed_since as "failed_since?", p.reason as "reason?"
           from server s left join restore_proof p on p.server_id = s.id and p.tenant_id = s.tenant_id
           where s.tenant_id = $1 and s.deleted_at is null
             and exists (select from backup b where b.server_id = s.id and b.state = 'done')
           order by s.name, s.id"#,
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| {
            let proof = Proof {
                proven_at: row.proven_at,
                proven_backup_at: row.proven_backup_at,
                failed_since: row.failed_since,
                reason: row.reason,
            };
            (ServerId(row.id), row.name, row.is_known.then_some(proof))
        })
        .collect())
}
