//! Set-up links: the hash of one on its mailbox's row, until it is used, replaced or over.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, TenantId};

/// The mailbox that a link sets up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// Which.
    pub id: MailboxId,
    /// Whose.
    pub tenant: TenantId,
    /// Its address.
    pub address: String,
    /// The person's name.
    pub name: String,
}

/// Keeps the hash of a new link in place of the one before.
pub async fn save_link(
    tx: &mut TenantTx,
    id: MailboxId,
    (hash, until): (&[u8], DateTime<Utc>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mailbox set setup_hash = $2, setup_until = $3, version = version + 1, updated_at = $4 where id = $1",
        id.0,
        hash,
        until,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Counts a link that is mailed. Says how many of the hour it makes for the tenant.
pub async fn count_link(tx: &mut TenantTx, tenant: TenantId, now: DateTime<Utc>) -> Result<i32, Error> {
    let count = sqlx::query_scalar!(r#"select mail_count_link($1, $2) as "count!""#, tenant.0, now);
    Ok(count.fetch_one(tx.conn()).await?)
}

/// What a link of that hash sets up, if it works: neither over nor of a mailbox that is disabled or deleted, or whose tenant is
/// suspended or closed.
pub async fn offered(tx: &mut SystemTx, hash: &[u8], now: DateTime<Utc>) -> Result<Option<Offered>, Error> {
    let row = sqlx::query_as!(
        Offered,
        r#"select m.id as "id: MailboxId", m.tenant_id as "tenant: TenantId", m.address, m.name from mailbox m
           join tenant t on t.id = m.tenant_id
           where m.setup_hash = $1 and m.setup_until > $2 and m.is_enabled and m.deleted_at is null and t.status = 'active'"#,
        hash,
        now
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Uses the link up and writes the password. Says whether it still worked: of two at once one gets it.
pub async fn use_link(
    tx: &mut SystemTx,
    (link, password): (&[u8], &str),
    now: DateTime<Utc>,
) -> Result<Option<MailboxId>, Error> {
    let id = sqlx::query_scalar!(
        r#"update mailbox m set password_hash = $2, setup_hash = null, setup_until = null, version = m.version + 1, updated_at = $3
           from tenant t where t.id = m.tenant_id and t.status = 'active'
             and m.setup_hash = $1 and m.setup_until > $3 and m.is_enabled and m.deleted_at is null
           returning m.id as "id: MailboxId""#,
        link,
        password,
        now
    );
    Ok(id.fetch_optional(tx.conn()).await?)
}
