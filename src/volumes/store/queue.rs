//! Volumes with work to be done, as the reconciler's queue.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, VolumeId};

use super::super::TOPIC;
use super::super::model::Volume;
use super::find;

/// A volume under our lease.
#[derive(Debug, Clone)]
pub struct Claimed {
    /// As it is.
    pub volume: Volume,
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
        "update volume set lease_id = $1, lease_until = $2, next_attempt_at = null where id in ( \
           select id from volume where (next_attempt_at <= $3 and lease_until is null) or lease_until <= $3 \
           order by next_attempt_at nulls first limit $4 for update skip locked) returning id, error_count",
        lease,
        until,
        now,
        limit
    );
    let mut claimed = Vec::new();
    for row in rows.fetch_all(tx.conn()).await? {
        claimed.push(Claimed {
            volume: find(tx, VolumeId(row.id)).await?,
            lease,
            failures: row.error_count,
        });
    }
    Ok(claimed)
}

/// Holds on to a lease. Says whether it is still ours.
pub async fn renew(tx: &mut SystemTx, claimed: &Claimed, until: DateTime<Utc>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update volume set lease_until = $3 where id = $1 and lease_id = $2",
        claimed.volume.id.0,
        claimed.lease,
        until
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Notes that it is there now: its name on the engine, what keeps it, and its size.
pub async fn note_made(
    tx: &mut SystemTx,
    claimed: &Claimed,
    name: &str,
    (is_pooled, is_enforced): (bool, bool),
) -> Result<(), Error> {
    sqlx::query!(
        "update volume set engine_name = $3, is_pooled = $4, is_enforced = $5, made_mib = $6, is_filling = false \
         where id = $1 and lease_id = $2",
        claimed.volume.id.0,
        claimed.lease,
        name,
        is_pooled,
        is_enforced,
        claimed.volume.size_mib
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what it can hold now.
pub async fn note_size(tx: &mut SystemTx, claimed: &Claimed) -> Result<(), Error> {
    sqlx::query!(
        "update volume set made_mib = $3 where id = $1 and lease_id = $2",
        claimed.volume.id.0,
        claimed.lease,
        claimed.volume.size_mib
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes back the wish for a size that can't be, if nobody has wished for another meanwhile: it keeps the size that it has.
pub async fn refuse_size(tx: &mut SystemTx, claimed: &Claimed) -> Result<(), Error> {
    sqlx::query!(
        "update volume set size_mib = made_mib, version = version + 1 where id = $1 and lease_id = $2 and generation = $3",
        claimed.volume.id.0,
        claimed.lease,
        claimed.volume.generation
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back with the wish that was worked on as reached. What somebody wished for meanwhile is still due. Says
/// whether the lease was still ours.
pub async fn settle_work(tx: &mut SystemTx, claimed: &Claimed, error: Option<&str>) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update volume set lease_id = null, lease_until = null, error_count = 0, last_error = $4, observed_generation = $3 \
         where id = $1 and lease_id = $2",
        claimed.volume.id.0,
        claimed.lease,
        claimed.volume.generation,
        error
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Gives the lease back; it is due again later, or at once if somebody wished for something meanwhile.
pub async fn put_off(
    tx: &mut SystemTx,
    claimed: &Claimed,
    error: &str,
    until: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update volume set lease_id = null, lease_until = null, last_error = $4, error_count = error_count + 1, \
         next_attempt_at = coalesce(next_attempt_at, $3) where id = $1 and lease_id = $2",
        claimed.volume.id.0,
        claimed.lease,
        until,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the lease back of one that waits for others, who wake it; it is looked at then anyway.
pub async fn wait(tx: &mut SystemTx, claimed: &Claimed, until: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update volume set lease_id = null, lease_until = null, next_attempt_at = coalesce(next_attempt_at, $3) \
         where id = $1 and lease_id = $2",
        claimed.volume.id.0,
        claimed.lease,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has somebody look at a volume at once, as part of whatever it waits for.
pub async fn wake(tx: &mut SystemTx, id: VolumeId, now: DateTime<Utc>) -> Result<(), Error> {
    let woken = sqlx::query_scalar!(
        "update volume set next_attempt_at = $2 where id = $1 returning tenant_id",
        id.0,
        now
    );
    if let Some(tenant) = woken.fetch_optional(tx.conn()).await? {
        events::emit(tx, Some(TenantId(tenant)), TOPIC, Some(id.0)).await?;
    }
    Ok(())
}

/// Erases one with what was left of its attachments. Nothing if the lease was lost.
pub async fn erase(tx: &mut SystemTx, claimed: &Claimed) -> Result<bool, Error> {
    sqlx::query!(
        "delete from volume_attachment a using volume v where v.id = a.volume_id and v.id = $1 and v.lease_id = $2",
        claimed.volume.id.0,
        claimed.lease
    )
    .execute(tx.conn())
    .await?;
    let done = sqlx::query!(
        "delete from volume where id = $1 and lease_id = $2",
        claimed.volume.id.0,
        claimed.lease
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}
