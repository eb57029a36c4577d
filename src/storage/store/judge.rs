//! Whom to judge, and what was made of them.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{NoticeId, TenantId};

use super::super::model::{Facts, Level, MIB, Standing, Verdict};
use super::read::overuse;

/// Tenants about which something changed since they were judged, or whose time has come.
pub async fn due(tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> Result<Vec<TenantId>, Error> {
    let rows = sqlx::query_scalar!(
        "select t.tenant_id from storage_total t join tenant n on n.id = t.tenant_id join plan p on p.id = n.plan_id \
         left join plan_overuse o on o.plan_id = p.id \
         where n.status <> 'closed' and (t.look_at <= $1 or t.judged is distinct from \
           concat_ws(' ', t.bytes, p.max_disk_mib, o.policy, o.grace_days, n.status)) limit $2",
        now,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(TenantId).collect())
}

/// What a verdict is made from, and what it is about in words.
#[derive(Debug)]
pub struct Due {
    /// The facts.
    pub facts: Facts,
    /// What stands.
    pub standing: Standing,
    /// What is written down as judged; the tenant's status is no part of it, because the verdict may change that.
    judged: String,
}

/// Locks a tenant's row of the ledger and reads what it is judged by. Nothing if the tenant is closed or gone.
pub async fn lock(tx: &mut SystemTx, tenant: TenantId) -> Result<Option<Due>, Error> {
    let row = sqlx::query!(
        r#"select t.bytes, t.level, t.full_since, t.suspended_at, p.max_disk_mib, n.status, o.policy as "policy?",
             o.grace_days as "grace_days?", concat_ws(' ', t.bytes, p.max_disk_mib, o.policy, o.grace_days) as "judged!"
           from storage_total t join tenant n on n.id = t.tenant_id join plan p on p.id = n.plan_id
           left join plan_overuse o on o.plan_id = p.id
           where t.tenant_id = $1 and n.status <> 'closed' for update of t"#,
        tenant.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| Due {
        facts: Facts {
            used: row.bytes,
            allowed: row.max_disk_mib.saturating_mul(MIB),
            overuse: overuse(row.policy.as_deref(), row.grace_days),
            is_suspended: row.status == "suspended",
        },
        standing: Standing {
            level: Level::of(i64::from(row.level)),
            full_since: row.full_since,
            suspended_at: row.suspended_at,
        },
        judged: row.judged,
    }))
}

/// Writes what stands now. `is_suspended` is what the tenant is after the verdict.
pub async fn save_standing(
    tx: &mut SystemTx,
    tenant: TenantId,
    due: &Due,
    verdict: &Verdict,
    is_suspended: bool,
) -> Result<(), Error> {
    let status = if is_suspended { "suspended" } else { "active" };
    sqlx::query!(
        "update storage_total set level = $2, full_since = $3, suspended_at = $4, judged = $5, look_at = $6 \
         where tenant_id = $1",
        tenant.0,
        verdict.standing.level.percent(),
        verdict.standing.full_since,
        verdict.standing.suspended_at,
        format!("{} {status}", due.judged),
        verdict.look_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A warning to be kept.
#[derive(Debug, Clone, Copy)]
pub struct NewNotice {
    /// Its id.
    pub id: NoticeId,
    /// Whose.
    pub tenant: TenantId,
    /// What was reached.
    pub level: Level,
    /// Bytes that are used.
    pub used: i64,
    /// Bytes that are allowed.
    pub allowed: i64,
}

/// Keeps a warning.
pub async fn insert_notice(tx: &mut SystemTx, new: &NewNotice, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "insert into storage_notice (id, tenant_id, level, bytes, allowed, at) values ($1, $2, $3, $4, $5, $6)",
        new.id.0,
        new.tenant.0,
        new.level.percent(),
        new.used,
        new.allowed,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes that a warning was mailed; does nothing if there is no such warning.
pub async fn mailed(tx: &mut SystemTx, notice: uuid::Uuid, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update storage_notice set mailed_at = $2 where id = $1 and mailed_at is null",
        notice,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the warnings above what stands.
pub async fn end_notices(
    tx: &mut SystemTx,
    tenant: TenantId,
    level: Level,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update storage_notice set ended_at = $3 where tenant_id = $1 and level > $2 and ended_at is null",
        tenant.0,
        level.percent(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
