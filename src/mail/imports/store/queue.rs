//! Imports that are worked on, as the reconciler's queue.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailImportId, TenantId};

/// An import under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub id: MailImportId,
    /// Whose.
    pub tenant: TenantId,
    /// What the file was called.
    pub file_name: String,
    /// Who started it.
    pub by: String,
    /// The lease.
    pub lease: Uuid,
    /// How often it failed in a row.
    pub failures: i32,
}

/// Takes what is due under a lease, at most `limit`. What another process holds is passed over.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update mail_import set lease_id = $1, lease_until = $2 where id in ( \
           select id from mail_import where state = 'running' and next_attempt_at <= $3 and (lease_until is null or lease_until <= $3) \
           order by next_attempt_at limit $4 for update skip locked) \
         returning id, tenant_id, file_name, coalesce(started_by, created_by) as \"by!\", error_count",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        id: MailImportId(row.id),
        tenant: TenantId(row.tenant_id),
        file_name: row.file_name,
        by: row.by,
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// Locks an import and prolongs the lease. Says whether it is still ours to work on.
pub async fn renew(tx: &mut SystemTx, claimed: &Claimed, until: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update mail_import set lease_until = $3, error_count = 0 where id = $1 and lease_id = $2 and state = 'running'",
        claimed.id.0,
        claimed.lease,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() == 1)
}

/// Counts lines that are done with.
pub async fn progress(tx: &mut SystemTx, id: MailImportId, (done, failed): (i32, i32)) -> Result<(), Error> {
    sqlx::query!(
        "update mail_import set done = done + $2, failed = failed + $3 where id = $1",
        id.0,
        done,
        failed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that nothing is left to do.
pub async fn finish(tx: &mut SystemTx, id: MailImportId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update mail_import set state = 'done', finished_at = $2, next_attempt_at = null, lease_id = null, lease_until = null \
         where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back; it goes on later.
pub async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    (has_failed, until): (bool, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_import set lease_id = null, lease_until = null, next_attempt_at = $3, \
         error_count = case when $4 then error_count + 1 else 0 end where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until,
        has_failed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
