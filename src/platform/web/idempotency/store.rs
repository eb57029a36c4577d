//! The queries of kept answers.

use chrono::{DateTime, SubsecRound as _, TimeDelta, Utc};

use crate::platform::db::{Once, Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TokenId;

use super::super::guard::Kit;

/// An answer as it is kept.
pub(super) struct Kept {
    pub(super) status: i32,
    pub(super) content_type: Option<String>,
    pub(super) location: Option<String>,
    /// Sealed, as it lies in the database.
    pub(super) body: Vec<u8>,
}

/// What came of claiming a key.
pub(super) enum Claim {
    /// It is ours to do.
    Ours(Once),
    /// It was done.
    Kept(Kept),
    /// It was done, and nobody knows the answer any more.
    Lost,
    /// It is being done.
    Running,
    /// The key belongs to another request.
    Other,
}

/// In place of a status: the request was done and its answer is not to be had.
const LOST: i32 = 0;

/// Claims a key, or says what is known of it.
pub(super) async fn claim(
    kit: &Kit,
    (token, key): (TokenId, &str),
    hash: &[u8],
    stale: TimeDelta,
) -> Result<Claim, Error> {
    // As exact as PostgreSQL keeps it: the claim is known by this time again.
    let now = kit.clock.now().trunc_subsecs(6);
    let mut tx = kit.db.system().await?;
    let claimed = sqlx::query!(
        "insert into idempotency_key (token_id, key, request_hash, created_at) values ($1, $2, $3, $4) \
         on conflict (token_id, key) do update set created_at = $4 \
         where idempotency_key.status is null and not idempotency_key.is_done and idempotency_key.created_at < $5 \
           and idempotency_key.request_hash = $3",
        token.0,
        key,
        hash,
        now,
        now - stale
    )
    .execute(tx.conn())
    .await?
    .rows_affected();
    if claimed == 1 {
        tx.commit().await?;
        return Ok(Claim::Ours(Once {
            token,
            key: key.to_owned(),
            claimed_at: now,
        }));
    }
    let row = sqlx::query!(
        "select request_hash, status, content_type, location, body, is_done and created_at < $3 as \"is_lost!\" \
         from idempotency_key where token_id = $1 and key = $2",
        token.0,
        key,
        now - stale
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match row.status {
        _ if row.request_hash != hash => Claim::Other,
        Some(LOST) => Claim::Lost,
        None if row.is_lost => Claim::Lost,
        None => Claim::Running,
        Some(status) => Claim::Kept(Kept {
            status,
            content_type: row.content_type,
            location: row.location,
            body: row.body.unwrap_or_default(),
        }),
    })
}

/// Keeps the answer.
pub(super) async fn keep(kit: &Kit, claim: &Once, kept: &Kept) -> Result<(), Error> {
    let mut tx = kit.db.system().await?;
    sqlx::query!(
        "update idempotency_key set status = $4, content_type = $5, location = $6, body = $7 \
         where token_id = $1 and key = $2 and created_at = $3",
        claim.token.0,
        claim.key,
        claim.claimed_at,
        kept.status,
        kept.content_type,
        kept.location,
        kept.body
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Gives the key back if nothing was done; otherwise notes that the answer is lost.
pub(super) async fn release(kit: &Kit, claim: &Once) -> Result<(), Error> {
    let mut tx = kit.db.system().await?;
    sqlx::query!(
        "update idempotency_key set status = $4 where token_id = $1 and key = $2 and created_at = $3 and is_done",
        claim.token.0,
        claim.key,
        claim.claimed_at,
        LOST
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "delete from idempotency_key where token_id = $1 and key = $2 and created_at = $3 and not is_done",
        claim.token.0,
        claim.key,
        claim.claimed_at
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Forgets answers from before `limit`. Harmless twice.
pub async fn purge(tx: &mut SystemTx, limit: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("delete from idempotency_key where created_at < $1", limit)
        .execute(tx.conn())
        .await?;
    Ok(done.rows_affected())
}
