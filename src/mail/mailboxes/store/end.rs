//! The end of mailboxes: deleted, restored, let go, and what of them is to be erased from disk as the reconciler's queue.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, TenantId};

use super::super::model::{Kept, Mailbox};
use super::write::clash;

/// Marks a mailbox as deleted, or says anew until when a deleted one is kept. Its set-up link works no more.
pub async fn delete(tx: &mut TenantTx, id: MailboxId, kept: Kept) -> Result<(), Error> {
    sqlx::query!(
        "update mailbox set deleted_at = $2, purge_after = $3, setup_hash = null, setup_until = null, version = version + 1, \
         updated_at = $2 where id = $1",
        id.0,
        kept.since,
        kept.until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes the aliases that its person made for themselves; says which. The tenant's sums are locked by the caller.
pub async fn remove_own_aliases(tx: &mut TenantTx, id: MailboxId) -> Result<Vec<String>, Error> {
    let gone = sqlx::query_scalar!(
        "delete from mail_alias where owner_id = $1 returning address",
        id.0
    );
    Ok(gone.fetch_all(tx.conn()).await?)
}

/// Takes a deleted mailbox back if the tenant may have one more; says whether it did. The mailbox is locked by the caller.
pub async fn restore(
    tx: &mut TenantTx,
    deleted: &Mailbox,
    most: i32,
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "with sums as (select mailboxes from mail_total where tenant_id = $2 for update) \
         update mailbox set deleted_at = null, purge_after = null, version = version + 1, updated_at = $4 from sums \
         where id = $1 and sums.mailboxes < $3",
        deleted.id.0,
        deleted.tenant.0,
        most,
        now
    );
    match done.execute(tx.conn()).await {
        Ok(done) => Ok(done.rows_affected() > 0),
        Err(error) => Err(clash(error, &deleted.shown())),
    }
}

/// Turns deleted mailboxes whose time is over into wishes to erase them, at most `limit`. Says whose they were.
///
/// Those of one tenant at a time, so that two processes that do this lock no two tenants' sums in different order.
pub async fn let_go(tx: &mut SystemTx, now: DateTime<Utc>, limit: i64) -> Result<Vec<TenantId>, Error> {
    let gone = sqlx::query_scalar!(
        r#"with gone as (
             delete from mailbox where id in (
               select m.id from mailbox m where m.purge_after <= $1
                 and m.tenant_id = (select f.tenant_id from mailbox f where f.purge_after <= $1 order by f.purge_after limit 1)
               order by m.purge_after limit $2 for update skip locked)
             returning id, tenant_id, used_bytes)
           insert into mail_erasure (mailbox_id, tenant_id, bytes, asked_at, next_attempt_at)
             select id, tenant_id, used_bytes, $1, $1 from gone on conflict do nothing
           returning tenant_id as "tenant_id: TenantId""#,
        now,
        limit
    );
    Ok(gone.fetch_all(tx.conn()).await?)
}

/// A mailbox's folder under our lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Which mailbox it was.
    pub mailbox: MailboxId,
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
        r#"update mail_erasure set lease_id = $1, lease_until = $2 where mailbox_id in (
             select mailbox_id from mail_erasure where next_attempt_at <= $3 and (lease_until is null or lease_until <= $3)
             order by next_attempt_at limit $4 for update skip locked)
           returning mailbox_id as "mailbox_id: MailboxId", error_count"#,
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        mailbox: row.mailbox_id,
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// Forgets what was erased.
pub async fn settle(tx: &mut SystemTx, claimed: &Claimed) -> Result<(), Error> {
    sqlx::query!(
        "delete from mail_erasure where mailbox_id = $1 and lease_id = $2",
        claimed.mailbox.0,
        claimed.lease
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back; it is tried again later.
pub async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: &str,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_erasure set lease_id = null, lease_until = null, next_attempt_at = $3, last_error = $4, \
         error_count = error_count + 1 where mailbox_id = $1 and lease_id = $2",
        claimed.mailbox.0,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
