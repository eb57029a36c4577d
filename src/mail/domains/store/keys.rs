//! DKIM keys. Row-level security and grants keep people's roles from reading the private half; so no statement here asks for it.

use chrono::{DateTime, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailKeyId, TenantId};
use crate::platform::secret::Secret;

use super::super::model::{Key, MailKeyState};

/// A key to be kept.
#[derive(Debug)]
pub struct NewKey<'a> {
    /// Its id.
    pub id: MailKeyId,
    /// Its name in DNS.
    pub selector: &'a str,
    /// PKCS#8 PEM.
    pub private_key: &'a Secret,
    /// The value of `p=`.
    pub public_key: &'a str,
    /// Whether it signs from now on.
    pub is_active: bool,
}

/// All keys of a domain, the newest first.
pub async fn keys(tx: &mut impl Scoped, domain: MailDomainId) -> Result<Vec<Key>, Error> {
    let rows = sqlx::query!(
        "select id, selector, public_key, state, created_at, activated_at, retired_at from mail_key where domain_id = $1 \
         order by created_at desc, id desc",
        domain.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Key {
            id: MailKeyId(row.id),
            selector: row.selector,
            public_key: row.public_key,
            state: MailKeyState::read(&row.state),
            created_at: row.created_at,
            activated_at: row.activated_at,
            retired_at: row.retired_at,
        })
        .collect())
}

/// Writes a new one.
pub async fn insert_key(
    tx: &mut impl Scoped,
    (tenant, domain): (TenantId, MailDomainId),
    new: &NewKey<'_>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into mail_key (id, tenant_id, domain_id, selector, private_key, public_key, state, created_at, activated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        new.id.0,
        tenant.0,
        domain.0,
        new.selector,
        new.private_key.expose().as_str(),
        new.public_key,
        if new.is_active { "active" } else { "next" },
        now,
        new.is_active.then_some(now)
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Has a key sign from now on, and the one before it no more.
pub async fn activate(
    tx: &mut impl Scoped,
    domain: MailDomainId,
    id: MailKeyId,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_key set state = 'retired', retired_at = $2 where domain_id = $1 and state = 'active'",
        domain.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update mail_key set state = 'active', activated_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Removes a key.
pub async fn delete_key(tx: &mut impl Scoped, domain: MailDomainId, id: MailKeyId) -> Result<(), Error> {
    sqlx::query!(
        "delete from mail_key where id = $1 and domain_id = $2",
        id.0,
        domain.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
