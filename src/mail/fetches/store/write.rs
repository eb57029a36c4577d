//! Writing fetches: asked for, under way, cancelled, over.

use chrono::{DateTime, Utc};

use crate::drivers::mail::FetchAt;
use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailFetchId, MailboxId, OperationId, TenantId};

use super::super::model::{FetchState, Wish};
use super::queue::Claimed;

/// A fetch to be written.
pub struct Made<'a> {
    /// Its id.
    pub id: MailFetchId,
    /// Whose.
    pub tenant: TenantId,
    /// Into which mailbox.
    pub mailbox: MailboxId,
    /// From where.
    pub wish: &'a Wish,
    /// Who signs in there.
    pub user: &'a str,
    /// The password, sealed.
    pub sealed: &'a [u8],
    /// What tells of it.
    pub operation: OperationId,
    /// Who asked.
    pub by: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

/// Makes whoever asks for a tenant's fetches wait for each other until the transaction ends, so that none passes the limit.
pub async fn lock_tenant(tx: &mut TenantTx, tenant: TenantId) -> Result<(), Error> {
    let row = sqlx::query_scalar!(
        "select tenant_id from mail_total where tenant_id = $1 for update",
        tenant.0
    );
    row.fetch_optional(tx.conn()).await?;
    Ok(())
}

/// How many of a tenant's fetches are not over.
pub async fn open_ones(tx: &mut TenantTx, tenant: TenantId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from mail_fetch where tenant_id = $1 and state in ('waiting', 'running')"#,
        tenant.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// The mailbox that has an address and is not deleted, if the scope may see it.
pub async fn mailbox_at(
    tx: &mut TenantTx,
    tenant: TenantId,
    address: &str,
) -> Result<Option<MailboxId>, Error> {
    let id = sqlx::query_scalar!(
        r#"select id as "id: MailboxId" from mailbox where tenant_id = $1 and address = $2 and deleted_at is null"#,
        tenant.0,
        address
    );
    Ok(id.fetch_optional(tx.conn()).await?)
}

/// The address of a mailbox that is not deleted, if the scope may see it.
pub async fn address_of(tx: &mut TenantTx, id: MailboxId) -> Result<String, Error> {
    let address = sqlx::query_scalar!(
        "select address from mailbox where id = $1 and deleted_at is null",
        id.0
    );
    address.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// Writes one that waits.
pub async fn insert(tx: &mut TenantTx, made: &Made<'_>) -> Result<(), Error> {
    sqlx::query!(
        "insert into mail_fetch (id, tenant_id, mailbox_id, host, port, tls, remote_user, sealed, folders, fingerprint, \
         operation_id, next_attempt_at, created_by, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12)",
        made.id.0,
        made.tenant.0,
        made.mailbox.0,
        made.wish.host,
        i32::from(made.wish.port),
        made.wish.tls.word(),
        made.user,
        made.sealed,
        made.wish.folders.word(),
        made.wish.fingerprint,
        made.operation.0,
        made.now,
        made.by
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Says that somebody does not want it any more. Whoever works at it sees that; says whether it was not over yet.
pub async fn cancel(tx: &mut TenantTx, id: MailFetchId, now: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update mail_fetch set is_cancelled = true, next_attempt_at = $2 where id = $1 and state in ('waiting', 'running')",
        id.0,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Notes how far it is. `before` is what earlier tries brought; what they brought does not come again.
pub async fn note_progress(
    tx: &mut SystemTx,
    claimed: &Claimed,
    (folders, messages): (u32, u64),
    at: &FetchAt,
    before: (i64, i64),
) -> Result<(), Error> {
    let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
    let small = |value: u32| i32::try_from(value).unwrap_or(i32::MAX);
    sqlx::query!(
        "update mail_fetch set total_folders = $3, total_messages = $4, done_folders = $5, done_messages = least($6::bigint, $4::bigint), done_bytes = $7, \
         folder = $8 where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        small(folders),
        whole(messages),
        small(at.folders),
        before.0.saturating_add(whole(at.messages)),
        before.1.saturating_add(whole(at.bytes)),
        at.folder
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends it, and wipes the password. Says whether it was ours to end.
pub async fn end(
    tx: &mut SystemTx,
    claimed: &Claimed,
    state: FetchState,
    (reason, error, fingerprint): (Option<&str>, Option<&str>, Option<&str>),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update mail_fetch set state = $3, reason = $4, error = $5, seen_fingerprint = $6, finished_at = $7, sealed = null, \
         folder = '', next_attempt_at = null, lease_id = null, lease_until = null, \
         done_folders = case when $3 = 'done' then total_folders else done_folders end where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        state.word(),
        reason,
        error,
        fingerprint,
        now
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}
