//! Fetches as a queue, under a lease.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailFetchId, MailboxId, OperationId, TenantId};

use super::super::model::Fetch;

/// A fetch under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub id: MailFetchId,
    /// The lease.
    pub lease: Uuid,
    /// How often it was tried for nothing.
    pub failures: i32,
}

/// Takes what is due under a lease: at most so many that `most` are under way in the whole installation, and one of a mailbox, the
/// oldest first.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    (limit, most): (i64, i64),
) -> Result<Vec<Claimed>, Error> {
    // Two processes that count at once would each see room.
    sqlx::query!("select pg_advisory_xact_lock(hashtextextended('mail_fetch', 11))")
        .execute(tx.conn())
        .await?;
    let rows = sqlx::query!(
        r#"update mail_fetch set lease_id = $1, lease_until = $2, state = 'running', error = null,
             started_at = coalesce(started_at, $3) where id in (
             select f.id from mail_fetch f where f.state in ('waiting', 'running') and f.next_attempt_at <= $3
               and (f.lease_until is null or f.lease_until <= $3)
               and not exists (select from mail_fetch o where o.mailbox_id = f.mailbox_id and o.state in ('waiting', 'running')
                                 and (o.created_at, o.id) < (f.created_at, f.id))
             order by f.next_attempt_at, f.id
             limit greatest(least($4::bigint, $5::bigint - (select count(*) from mail_fetch where lease_until > $3)), 0)
             for update skip locked)
           returning id as "id: MailFetchId", error_count"#,
        lease,
        until,
        now,
        limit,
        most
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        id: row.id,
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// A fetch that nobody wanted any more.
pub struct CutShort {
    /// Which.
    pub id: MailFetchId,
    /// Whose it was.
    pub tenant: TenantId,
    /// Into which mailbox.
    pub mailbox: MailboxId,
    /// What tells of it.
    pub operation: OperationId,
}

/// Ends those that are not wanted any more and that nobody works at.
pub async fn cut_short(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<Vec<CutShort>, Error> {
    let rows = sqlx::query_as!(
        CutShort,
        r#"update mail_fetch set state = 'cancelled', finished_at = $1, sealed = null, folder = '', next_attempt_at = null,
             lease_id = null, lease_until = null
           where state in ('waiting', 'running') and is_cancelled and (lease_until is null or lease_until <= $1)
           returning id as "id: MailFetchId", tenant_id as "tenant: TenantId", mailbox_id as "mailbox: MailboxId",
             operation_id as "operation: OperationId""#,
        now
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// What is claimed, and its password, sealed; nothing if it is not ours any more.
pub async fn loaded(tx: &mut SystemTx, claimed: &Claimed) -> Result<Option<(Fetch, Vec<u8>)>, Error> {
    let sealed = sqlx::query_scalar!(
        r#"select sealed as "sealed!" from mail_fetch where id = $1 and lease_id = $2 and sealed is not null"#,
        claimed.id.0,
        claimed.lease
    );
    let Some(sealed) = sealed.fetch_optional(tx.conn()).await? else {
        return Ok(None);
    };
    let fetch = super::find(tx, claimed.id).await?;
    Ok(Some((fetch, sealed)))
}

/// Keeps the lease. Says whether it is not wanted any more; nothing if the lease is somebody else's by now.
pub async fn renew(
    tx: &mut SystemTx,
    claimed: &Claimed,
    until: DateTime<Utc>,
) -> Result<Option<bool>, Error> {
    let is_cancelled = sqlx::query_scalar!(
        "update mail_fetch set lease_until = $3 where id = $1 and lease_id = $2 returning is_cancelled",
        claimed.id.0,
        claimed.lease,
        until
    );
    Ok(is_cancelled.fetch_optional(tx.conn()).await?)
}

/// Gives the lease back; it is tried again at `until`.
pub async fn give_back(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: &str,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_fetch set lease_id = null, lease_until = null, state = 'waiting', next_attempt_at = $3, error = $4, \
         error_count = error_count + 1 where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
