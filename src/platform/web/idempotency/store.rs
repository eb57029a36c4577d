//! The queries of kept answers.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TokenId;

use super::super::guard::Kit;

/// An answer as it is kept.
pub(super) struct Kept {
    pub(super) status: i32,
    pub(super) content_type: Option<String>,
    pub(super) location: Option<String>,
    pub(super) body: Vec<u8>,
}

/// What came of claiming a key.
pub(super) enum Claim {
    /// It is ours to do.
    Ours,
    /// It was done.
    Kept(Kept),
    /// It is being done.
    Running,
    /// The key belongs to another request.
    Other,
}

/// Claims a key, or says what is known of it.
pub(super) async fn claim(
    kit: &Kit,
    (token, key): (TokenId, &str),
    hash: &[u8],
    stale: TimeDelta,
) -> Result<Claim, Error> {
    let now = kit.clock.now();
    let mut tx = kit.db.system().await?;
    let claimed = sqlx::query!(
        "insert into idempotency_key (token_id, key, request_hash, created_at) values ($1, $2, $3, $4) \
         on conflict (token_id, key) do update set created_at = $4 \
         where idempotency_key.status is null and idempotency_key.created_at < $5 \
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
        return Ok(Claim::Ours);
    }
    let row = sqlx::query!(
        "select request_hash, status, content_type, location, body from idempotency_key where token_id = $1 and key = $2",
        token.0,
        key
    )
    .fetch_one(tx.conn())
    .await?;
    Ok(match row.status {
        _ if row.request_hash != hash => Claim::Other,
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
pub(super) async fn keep(kit: &Kit, (token, key): (TokenId, &str), kept: &Kept) -> Result<(), Error> {
    let mut tx = kit.db.system().await?;
    sqlx::query!(
        "update idempotency_key set status = $3, content_type = $4, location = $5, body = $6 \
         where token_id = $1 and key = $2",
        token.0,
        key,
        kept.status,
        kept.content_type,
        kept.location,
        kept.body
    )
    .execute(tx.conn())
    .await?;
    tx.commit().await
}

/// Gives the key back: nothing was done.
pub(super) async fn release(kit: &Kit, (token, key): (TokenId, &str)) -> Result<(), Error> {
    let mut tx = kit.db.system().await?;
    sqlx::query!(
        "delete from idempotency_key where token_id = $1 and key = $2",
        token.0,
        key
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
