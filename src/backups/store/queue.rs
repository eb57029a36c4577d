//! Repositories as a queue, under a lease, and what opens them.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupRepositoryId, BackupTargetId, TenantId};

/// A repository under our lease, and what it takes to get there.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub id: BackupRepositoryId,
    /// The lease.
    pub lease: Uuid,
    /// How often in a row nothing was done.
    pub failures: i32,
    /// How often a helper was cut off since something was last done; those of checks do not count.
    pub cut_offs: i32,
    /// How often a check's was since one last ended.
    pub check_cut_offs: i32,
    /// Whether it was taken for a check, in a place that is not kept for what somebody waits for.
    pub is_check: bool,
}

/// How a look at a repository ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// Something was done, or there was nothing to do.
    Well,
    /// It has to be looked at again.
    Waits,
    /// The helper was cut off.
    CutOff,
    /// The same of a check's.
    CheckCutOff,
}

/// Takes what is due under a lease, at most `limit`.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update backup_repository set lease_id = $1, lease_until = $2, next_attempt_at = null where id in ( \
           select id from backup_repository where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) \
         returning id, error_count, cut_offs, check_cut_offs",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        id: BackupRepositoryId(row.id),
        lease,
        failures: row.error_count,
        cut_offs: row.cut_offs,
        check_cut_offs: row.check_cut_offs,
        is_check: false,
    });
    Ok(claimed.collect())
}

/// Keeps the lease. Says whether we still have it.
pub async fn renew(tx: &mut SystemTx, claimed: &Claimed, until: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update backup_repository set lease_until = $3 where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Gives the lease back. With `until` it is due again then.
pub async fn release(
    tx: &mut SystemTx,
    claimed: &Claimed,
    how: Ended,
    until: Option<DateTime<Utc>>,
) -> Result<(), Error> {
    sqlx::query!(
        "update backup_repository set lease_id = null, lease_until = null, \
         next_attempt_at = least(next_attempt_at, $3), \
         error_count = case when $4 then error_count + 1 else 0 end, \
         cut_offs = case when $5 then cut_offs + 1 when $4 then cut_offs else 0 end, \
         check_cut_offs = case when $6 then check_cut_offs + 1 else check_cut_offs end where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until,
        how != Ended::Well,
        how == Ended::CutOff,
        how == Ended::CheckCutOff
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What opens a repository, sealed.
pub struct Opener {
    /// Which.
    pub id: BackupRepositoryId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub target: BackupTargetId,
    /// Its key.
    pub key: Vec<u8>,
    /// The target's address; absent for volumes.
    pub address: Option<Vec<u8>>,
    /// Whether that may lead to the panel's own machine.
    pub allow_inside: bool,
}

/// What opens a repository.
pub async fn opener(tx: &mut SystemTx, id: BackupRepositoryId) -> Result<Opener, Error> {
    let row = sqlx::query!(
        r#"select r.target_id, r.tenant_id, r.sealed_key, t.sealed as "sealed?", t.allow_inside from backup_repository r
           join backup_target t on t.id = r.target_id where r.id = $1"#,
        id.0
    );
    let row = row.fetch_one(tx.conn()).await?;
    Ok(Opener {
        id,
        tenant: TenantId(row.tenant_id),
        target: BackupTargetId(row.target_id),
        key: row.sealed_key,
        address: row.sealed,
        allow_inside: row.allow_inside,
    })
}

/// What opens one of the tenant's own.
pub async fn own_opener(tx: &mut TenantTx, id: BackupRepositoryId) -> Result<Opener, Error> {
    let row = sqlx::query!(
        r#"select target_id as "target_id!", tenant_id as "tenant_id!", sealed_key as "sealed_key!", sealed as "sealed?",
             allow_inside as "allow_inside!" from backup_repository_secrets($1)"#,
        id.0
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok(Opener {
        id,
        tenant: TenantId(row.tenant_id),
        target: BackupTargetId(row.target_id),
        key: row.sealed_key,
        address: row.sealed,
        allow_inside: row.allow_inside,
    })
}
