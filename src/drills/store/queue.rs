//! Drills as a queue: one at a time, whoever works on it.

use std::collections::HashSet;

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::super::model::{Candidate, Drill};
use super::rows::{Row, select};
use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRepositoryId, DrillId, ServerId, TenantId};

/// A drill under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// The drill.
    pub drill: Drill,
    /// The lease.
    pub lease: Uuid,
}

/// Takes the next drill under a lease, unless one is being worked on. An engine has one at a time.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<Option<Claimed>, Error> {
    // Two panels that look at once wait for each other here.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('restore_drill', 1))")
        .execute(tx.conn())
        .await?;
    let row = select!(
        "where ended_at is null and (next_attempt_at is null or next_attempt_at <= $1) \
         and not exists (select from restore_drill o where o.ended_at is null and o.lease_until > $1) \
         order by attempts desc, created_at, id limit 1 for update",
        now
    );
    let Some(row) = row.fetch_optional(tx.conn()).await? else {
        return Ok(None);
    };
    let mut drill = Drill::try_from(row)?;
    drill.attempts += 1;
    sqlx::query!(
        "update restore_drill set state = 'running', lease_id = $2, lease_until = $3, attempts = attempts + 1, \
         started_at = coalesce(started_at, $4), next_attempt_at = null where id = $1",
        drill.id.0,
        lease,
        until,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(Some(Claimed { drill, lease }))
}

/// Keeps the lease. Says whether we still have it.
pub async fn renew(tx: &mut SystemTx, claimed: &Claimed, until: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update restore_drill set lease_until = $3 where id = $1 and lease_id = $2",
        claimed.drill.id.0,
        claimed.lease,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Notes what is being done.
pub async fn note(tx: &mut SystemTx, claimed: &Claimed, step: &str) -> Result<(), Error> {
    sqlx::query!(
        "update restore_drill set step = $3 where id = $1 and lease_id = $2",
        claimed.drill.id.0,
        claimed.lease,
        step
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back: it is tried again at a time. What waited for others was no attempt.
pub async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    (until, counts): (DateTime<Utc>, bool),
) -> Result<(), Error> {
    sqlx::query!(
        "update restore_drill set lease_id = null, lease_until = null, next_attempt_at = $3, step = null, \
         attempts = attempts - case when $4 then 0 else 1 end where id = $1 and lease_id = $2",
        claimed.drill.id.0,
        claimed.lease,
        until,
        counts
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes how one ended. Says whether it was still ours.
pub async fn end(
    tx: &mut SystemTx,
    claimed: &Claimed,
    (error, bytes): (Option<&str>, i64),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update restore_drill set state = case when $3::text is null then 'proven' else 'failed' end, error = $3, bytes = $4, \
         ended_at = $5, step = null, lease_id = null, lease_until = null, next_attempt_at = null \
         where id = $1 and lease_id = $2",
        claimed.drill.id.0,
        claimed.lease,
        error,
        bytes,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// The keys that drills have on the engine at present.
pub async fn active(tx: &mut SystemTx) -> Result<HashSet<String>, Error> {
    let ids = sqlx::query_scalar!("select id from restore_drill where ended_at is null");
    let ids = ids.fetch_all(tx.conn()).await?.into_iter();
    Ok(ids.map(|id| DrillId(id).to_string()).collect())
}

/// Whether a tenant has one that is not over.
pub async fn are_open(tx: &mut SystemTx, tenant: TenantId) -> Result<bool, Error> {
    let open = sqlx::query_scalar!(
        r#"select exists (select from restore_drill where tenant_id = $1 and ended_at is null) as "open!""#,
        tenant.0
    );
    Ok(open.fetch_one(tx.conn()).await?)
}

/// Active tenants that want drills, have a whole backup, and have had no drill of the night that began then.
pub async fn tenants(tx: &mut SystemTx, night: DateTime<Utc>) -> Result<Vec<TenantId>, Error> {
    let ids = sqlx::query_scalar!(
        "select t.id from tenant t where t.status = 'active' \
           and not exists (select from tenant_without_drills w where w.tenant_id = t.id) \
           and not exists (select from restore_drill d where d.tenant_id = t.id and d.asked_by is null and d.created_at >= $1) \
           and exists (select from backup b join server s on s.id = b.server_id where b.tenant_id = t.id and b.state = 'done' \
             and s.deleted_at is null) \
         order by t.id",
        night
    );
    let ids = ids.fetch_all(tx.conn()).await?.into_iter();
    Ok(ids.map(TenantId).collect())
}

/// The newest whole backup of each of a tenant's servers that has no drill under way.
pub async fn candidates(tx: &mut SystemTx, tenant: TenantId) -> Result<Vec<Candidate>, Error> {
    let rows = sqlx::query!(
        r#"select distinct on (s.id) s.id as server_id, s.name, b.id as backup_id, b.created_at, p.looked_at as "looked_at?"
           from server s join backup b on b.server_id = s.id and b.state = 'done'
             left join restore_proof p on p.server_id = s.id
           where s.tenant_id = $1 and b.tenant_id = $1 and s.deleted_at is null
             and not exists (select from restore_drill d where d.server_id = s.id and d.ended_at is null)
           order by s.id, b.created_at desc, b.id desc"#,
        tenant.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Candidate {
            server: ServerId(row.server_id),
            name: row.name,
            backup: BackupId(row.backup_id),
            backup_at: row.created_at,
            looked_at: row.looked_at,
        })
        .collect())
}

/// Where a backup is, its name there and how much is in it; nothing if it is gone.
pub async fn repository(
    tx: &mut SystemTx,
    backup: BackupId,
) -> Result<Option<(BackupRepositoryId, String, i64)>, Error> {
    let row = sqlx::query!(
        r#"select repository_id, snapshot as "snapshot!", total_bytes from backup
           where id = $1 and state = 'done' and snapshot is not null"#,
        backup.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| {
        (
            BackupRepositoryId(row.repository_id),
            row.snapshot,
            row.total_bytes,
        )
    }))
}

/// Forgets what ended before then. Says how many.
pub async fn forget(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("delete from restore_drill where ended_at < $1", before);
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
