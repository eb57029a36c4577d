//! Servers that are to be told of their shares, as the reconciler's queue.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

/// A server under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub server: ServerId,
    /// Whose.
    pub tenant: TenantId,
    /// The wish that is worked on.
    pub generation: i64,
    /// Whether nobody asked for it: it is only told again.
    pub is_repeat: bool,
    /// The lease.
    pub lease: Uuid,
    /// How often it failed in a row.
    pub failures: i32,
}

/// Asks that a server be told.
pub async fn wish(
    tx: &mut impl Scoped,
    (tenant, server): (TenantId, ServerId),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into share_state (server_id, tenant_id, next_attempt_at) values ($1, $2, $3) on conflict (server_id) do update set \
         generation = share_state.generation + 1, next_attempt_at = excluded.next_attempt_at, last_error = null, error_count = 0",
        server.0,
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes what is due under a lease, at most `limit`. What another process holds is passed over.
pub async fn claim(
    tx: &mut SystemTx,
    lease: Uuid,
    (now, until): (DateTime<Utc>, DateTime<Utc>),
    limit: i64,
) -> Result<Vec<Claimed>, Error> {
    let rows = sqlx::query!(
        "update share_state set lease_id = $1, lease_until = $2, next_attempt_at = null where server_id in ( \
           select server_id from share_state where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) \
         returning server_id, tenant_id, generation, observed_generation, error_count",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        server: ServerId(row.server_id),
        tenant: TenantId(row.tenant_id),
        generation: row.generation,
        is_repeat: row.generation == row.observed_generation,
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// Writes that the server was told, and when that is done again. A wish that came meanwhile stays due.
pub async fn settle(tx: &mut SystemTx, claimed: &Claimed, again: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update share_state set observed_generation = $3, lease_id = null, lease_until = null, last_error = null, error_count = 0, \
         next_attempt_at = coalesce(next_attempt_at, $4) where server_id = $1 and lease_id = $2",
        claimed.server.0,
        claimed.lease,
        claimed.generation,
        again
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back; it is tried again later. Without an error it only waits.
pub async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: Option<&str>,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update share_state set lease_id = null, lease_until = null, next_attempt_at = coalesce(next_attempt_at, $3), last_error = $4, \
         error_count = case when $4::text is null then 0 else error_count + 1 end where server_id = $1 and lease_id = $2",
        claimed.server.0,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
