//! What plans do about overuse.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TenantId};

use super::super::model::{MIB, Overuse, Policy};
use super::read::overuse;

/// What a plan does, and the version of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Kept {
    /// What it does.
    pub overuse: Overuse,
    /// Grows with each change; 0 while it does what is usual.
    pub version: i64,
}

/// What a plan does.
pub async fn find(tx: &mut impl Scoped, plan: PlanId) -> Result<Kept, Error> {
    let row = sqlx::query!(
        r#"select o.policy as "policy?", o.grace_days as "grace_days?", o.version as "version?"
           from plan p left join plan_overuse o on o.plan_id = p.id where p.id = $1"#,
        plan.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok(Kept {
        overuse: overuse(row.policy.as_deref(), row.grace_days),
        version: row.version.unwrap_or_default(),
    })
}

/// Writes what a plan does. The plan's row is locked by the caller.
pub async fn save(tx: &mut StaffTx, plan: PlanId, new: Overuse, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "insert into plan_overuse as o (plan_id, policy, grace_days, updated_at) values ($1, $2, $3, $4) \
         on conflict (plan_id) do update set policy = excluded.policy, grace_days = excluded.grace_days, \
           version = o.version + 1, updated_at = excluded.updated_at",
        plan.0,
        new.policy.name(),
        new.grace_days,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a tenant's plan does, what is used and what is allowed, in bytes.
pub async fn facts(tx: &mut impl Scoped, tenant: TenantId) -> Result<(Policy, i64, i64), Error> {
    let row = sqlx::query!(
        r#"select o.policy as "policy?", o.grace_days as "grace_days?", t.bytes as "bytes?", p.max_disk_mib
           from tenant n join plan p on p.id = n.plan_id left join plan_overuse o on o.plan_id = p.id
           left join storage_total t on t.tenant_id = n.id where n.id = $1"#,
        tenant.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok((
        overuse(row.policy.as_deref(), row.grace_days).policy,
        row.bytes.unwrap_or_default(),
        row.max_disk_mib.saturating_mul(MIB),
    ))
}
