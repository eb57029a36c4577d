//! Networks that are to go, as the reconciler's queue.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, TenantId};

/// A network under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// Which.
    pub id: NetworkId,
    /// Whose.
    pub tenant: TenantId,
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
        "update network set lease_id = $1, lease_until = $2, next_attempt_at = null where id in ( \
           select id from network where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) returning id, tenant_id, error_count",
        lease,
        until,
        now,
        limit
    );
    let claimed = rows.fetch_all(tx.conn()).await?.into_iter().map(|row| Claimed {
        id: NetworkId(row.id),
        tenant: TenantId(row.tenant_id),
        lease,
        failures: row.error_count,
    });
    Ok(claimed.collect())
}

/// How many servers have not left yet.
pub async fn count_members(tx: &mut SystemTx, id: NetworkId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from network_member where network_id = $1"#,
        id.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Gives the lease back; the network is due again later. Without an error it only waits.
pub async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: Option<&str>,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update network set lease_id = null, lease_until = null, next_attempt_at = $3, last_error = $4, \
         error_count = case when $4::text is null then 0 else error_count + 1 end where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Erases a network. Nothing if the lease was lost.
pub async fn erase(tx: &mut SystemTx, claimed: &Claimed) -> Result<bool, Error> {
    let done = sqlx::query!(
        "delete from network where id = $1 and lease_id = $2",
        claimed.id.0,
        claimed.lease
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}
