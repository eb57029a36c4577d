//! Passwords of webmail's sessions and the ways to them. A mailbox's person makes them in the role that sees one mailbox, and can
//! see neither; what comes of them is the system's.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{MailboxTx, Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{AppPasswordId, MailboxId, TenantId};

/// Whether the person may still sign in. Locked until the transaction ends: who disables the mailbox meanwhile ends what is made
/// here as well.
pub(super) async fn lock(tx: &mut MailboxTx, id: MailboxId) -> Result<(), Error> {
    let row = sqlx::query_scalar!(
        "select id from mailbox where id = $1 and is_enabled and deleted_at is null for update",
        id.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .map(drop)
        .ok_or(Error::NotFound)
}

/// A password of a session.
#[derive(Debug)]
pub(super) struct Password<'a> {
    pub(super) id: AppPasswordId,
    pub(super) name: &'a str,
    /// SHA-256.
    pub(super) digest: &'a [u8],
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
}

/// Keeps it. Of those of a mailbox the oldest go (a trigger).
pub(super) async fn insert_password(
    tx: &mut MailboxTx,
    (tenant, mailbox): (TenantId, MailboxId),
    password: &Password<'_>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into mailbox_app_password (id, tenant_id, mailbox_id, name, digest, protocols, created_at, expires_at, is_webmail) \
         values ($1, $2, $3, $4, encode($5, 'hex'), '{imap,smtp,sieve}', $6, $7, true)",
        password.id.0,
        tenant.0,
        mailbox.0,
        password.name,
        password.digest,
        password.created_at,
        password.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A way to a password.
#[derive(Debug)]
pub(super) struct Pass<'a> {
    pub(super) token_hash: &'a [u8],
    pub(super) password: AppPasswordId,
    pub(super) sealed: &'a [u8],
    pub(super) expires_at: DateTime<Utc>,
}

/// Keeps it.
pub(super) async fn insert_pass(
    tx: &mut MailboxTx,
    (tenant, mailbox): (TenantId, MailboxId),
    pass: &Pass<'_>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into mailbox_webmail_pass (token_hash, tenant_id, mailbox_id, app_password_id, sealed, expires_at) \
         values ($1, $2, $3, $4, $5, $6)",
        pass.token_hash,
        tenant.0,
        mailbox.0,
        pass.password.0,
        pass.sealed,
        pass.expires_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// What a token stood for.
#[derive(Debug)]
pub(super) struct Taken {
    pub(super) password: AppPasswordId,
    pub(super) sealed: Vec<u8>,
    pub(super) address: String,
}

/// Takes away the way that a token opens, if it is open and the mailbox's person may sign in. Of two at once one gets it.
pub(super) async fn take_pass(
    tx: &mut SystemTx,
    token_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<Option<Taken>, Error> {
    let row = sqlx::query_as!(
        Taken,
        r#"delete from mailbox_webmail_pass p using mailbox m, tenant t
           where p.token_hash = $1 and p.expires_at > $2 and m.id = p.mailbox_id and t.id = p.tenant_id
             and m.is_enabled and m.deleted_at is null and t.status = 'active'
           returning p.app_password_id as "password: AppPasswordId", p.sealed, m.address"#,
        token_hash,
        now
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Whose session it was.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) mailbox_id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) address: String,
}

/// Takes away a session's password with this SHA-256. Those of people's programs are none.
pub(super) async fn delete_password(tx: &mut SystemTx, digest: &[u8]) -> Result<Option<Ended>, Error> {
    let row = sqlx::query_as!(
        Ended,
        "delete from mailbox_app_password a using mailbox m \
         where a.digest = encode($1, 'hex') and a.is_webmail and m.id = a.mailbox_id \
         returning a.mailbox_id, a.tenant_id, m.address",
        digest
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Takes away what has ended.
pub(super) async fn purge(tx: &mut SystemTx, now: DateTime<Utc>) -> Result<u64, Error> {
    let passes = sqlx::query!("delete from mailbox_webmail_pass where expires_at <= $1", now);
    let passes = passes.execute(tx.conn()).await?.rows_affected();
    let passwords = sqlx::query!("delete from mailbox_app_password where expires_at <= $1", now);
    Ok(passes + passwords.execute(tx.conn()).await?.rows_affected())
}
