//! What messages are signed with, sealed.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, WebhookId};

/// Writes a new secret, without an end.
pub async fn add_secret(
    tx: &mut impl Scoped,
    id: Uuid,
    (webhook, tenant): (WebhookId, Option<TenantId>),
    sealed: &[u8],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into webhook_secret (id, tenant_id, webhook_id, sealed, created_at) values ($1, $2, $3, $4, $5)",
        id,
        tenant.map(|id| id.0),
        webhook.0,
        sealed,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives the present secret an end, and takes away the one before it.
pub async fn retire(tx: &mut impl Scoped, webhook: WebhookId, until: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "delete from webhook_secret where webhook_id = $1 and expires_at is not null",
        webhook.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update webhook_secret set expires_at = $2 where webhook_id = $1 and expires_at is null",
        webhook.0,
        until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// The secrets that sign now, the newest first.
pub async fn keys(
    tx: &mut SystemTx,
    webhook: WebhookId,
    now: DateTime<Utc>,
) -> Result<Vec<(Uuid, Vec<u8>)>, Error> {
    let rows = sqlx::query!(
        "select id, sealed from webhook_secret where webhook_id = $1 and (expires_at is null or expires_at > $2) \
         order by expires_at desc nulls first",
        webhook.0,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, row.sealed)).collect())
}

/// Forgets those that have ended. Says how many.
pub async fn forget_secrets(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<u64, Error> {
    let gone = sqlx::query!("delete from webhook_secret where expires_at <= $1", now);
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}

/// Those that are sealed with an older key, at most `limit`, after `after`.
pub async fn outdated(
    tx: &mut SystemTx,
    newest: &[u8],
    after: Option<Uuid>,
    limit: i64,
) -> Result<Vec<(Uuid, Vec<u8>)>, Error> {
    let rows = sqlx::query!(
        "select id, sealed from webhook_secret where substring(sealed from 1 for length($1::bytea)) <> $1::bytea \
         and ($2::uuid is null or id > $2) order by id limit $3 for update",
        newest,
        after,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, row.sealed)).collect())
}

/// Puts one in place of what was there.
pub async fn save_sealed(tx: &mut SystemTx, id: Uuid, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!("update webhook_secret set sealed = $2 where id = $1", id, sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}
