//! Addresses whose sessions are to be ended, as the reconciler's queue.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

/// An address under our lease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// Whose sessions.
    pub address: String,
    /// The wish that is worked on.
    pub generation: i64,
    /// The lease.
    pub lease: Uuid,
    /// How often it failed in a row.
    pub failures: i32,
}

/// Notes that these addresses are to be kicked.
pub(super) async fn ask(
    tx: &mut impl Scoped,
    tenant: TenantId,
    addresses: &[String],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!("select mail_ask_kick($1, $2, $3)", tenant.0, addresses, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Notes the same for whoever of a domain signed in since then.
pub(super) async fn ask_domain(
    tx: &mut impl Scoped,
    (tenant, domain): (TenantId, MailDomainId),
    (since, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "select mail_ask_kick($1, coalesce(array_agg(address), '{}'), $4) from mailbox \
         where domain_id = $2 and deleted_at is null \
           and greatest(last_imap_at, last_pop3_at, last_smtp_at, last_sieve_at) >= $3",
        tenant.0,
        domain.0,
        since,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes the same for whoever of a tenant signed in since then.
pub(super) async fn ask_all(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (since, now): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!("select mail_ask_kick_all($1, $2, $3)", tenant.0, since, now)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Takes what is due under a lease, at most `limit`. What another process holds is passed over.
pub(super) async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update mail_kick set lease_id = $1, lease_until = $2, next_attempt_at = null where address in ( \
           select address from mail_kick where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) \
         returning address, generation, error_count",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        address: row.address,
        generation: row.generation,
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// Has a wish that is fulfilled done once more at `again`, and forgets it after that. One that came meanwhile stays due.
pub(super) async fn finish(tx: &mut SystemTx, claimed: &Claimed, again: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "delete from mail_kick where address = $1 and lease_id = $2 and generation = $3 and is_second",
        claimed.address,
        claimed.lease,
        claimed.generation
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update mail_kick set is_second = true, next_attempt_at = $4, error_count = 0, last_error = null \
         where address = $1 and lease_id = $2 and generation = $3",
        claimed.address,
        claimed.lease,
        claimed.generation,
        again
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update mail_kick set lease_id = null, lease_until = null where address = $1 and lease_id = $2",
        claimed.address,
        claimed.lease
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back; it is tried again later.
pub(super) async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: &str,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_kick set lease_id = null, lease_until = null, next_attempt_at = coalesce(next_attempt_at, $3), last_error = $4, \
         error_count = error_count + 1 where address = $1 and lease_id = $2",
        claimed.address,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
