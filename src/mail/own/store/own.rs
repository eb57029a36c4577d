//! What a mailbox's person sees and makes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{MailboxTx, Scoped as _, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailAliasId, MailboxId};

/// The mailbox.
#[derive(Debug, Clone)]
pub(in crate::mail::own) struct Overview {
    pub(in crate::mail::own) tenant_id: Uuid,
    pub(in crate::mail::own) domain_id: Uuid,
    pub(in crate::mail::own) address: String,
    pub(in crate::mail::own) name: String,
    pub(in crate::mail::own) quota_mib: Option<i64>,
    pub(in crate::mail::own) max_own_aliases: i32,
    pub(in crate::mail::own) used_bytes: i64,
    pub(in crate::mail::own) used_messages: i64,
    pub(in crate::mail::own) last_imap_at: Option<DateTime<Utc>>,
    pub(in crate::mail::own) last_pop3_at: Option<DateTime<Utc>>,
    pub(in crate::mail::own) last_smtp_at: Option<DateTime<Utc>>,
    pub(in crate::mail::own) last_sieve_at: Option<DateTime<Utc>>,
}

/// Looks.
pub(in crate::mail::own) async fn overview(tx: &mut MailboxTx, id: MailboxId) -> Result<Overview, Error> {
    let row = sqlx::query_as!(
        Overview,
        "select tenant_id, domain_id, address, name, quota_mib, max_own_aliases, used_bytes, used_messages, last_imap_at, \
         last_pop3_at, last_smtp_at, last_sieve_at from mailbox where id = $1",
        id.0
    );
    row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// The same, locked until the transaction ends: what is counted against a limit is counted by one at a time.
pub(in crate::mail::own) async fn lock_overview(
    tx: &mut MailboxTx,
    id: MailboxId,
) -> Result<Overview, Error> {
    let row = sqlx::query_as!(
        Overview,
        "select tenant_id, domain_id, address, name, quota_mib, max_own_aliases, used_bytes, used_messages, last_imap_at, \
         last_pop3_at, last_smtp_at, last_sieve_at from mailbox where id = $1 for update",
        id.0
    );
    row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// An alias of one's own.
#[derive(Debug, Clone)]
pub(in crate::mail::own) struct OwnAlias {
    pub(in crate::mail::own) id: MailAliasId,
    pub(in crate::mail::own) address: String,
    pub(in crate::mail::own) description: String,
    pub(in crate::mail::own) created_at: DateTime<Utc>,
}

/// All of them, by their addresses. There is a limit to how many, so this is one page.
pub(in crate::mail::own) async fn own_aliases(
    tx: &mut MailboxTx,
    id: MailboxId,
) -> Result<Vec<OwnAlias>, Error> {
    let rows = sqlx::query_as!(
        OwnAlias,
        r#"select id as "id: MailAliasId", address, description, created_at from mail_alias
           where owner_id = $1 order by address, id"#,
        id.0
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// How many aliases the plan allows, and how many the tenant has. Locks the tenant's sums until the transaction ends.
pub(in crate::mail::own) async fn alias_room(tx: &mut MailboxTx) -> Result<(i32, i32), Error> {
    let row = sqlx::query!(r#"select allowed as "allowed!", used as "used!" from mailbox_alias_room()"#);
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok((row.allowed, row.used))
}

/// An alias to be kept.
#[derive(Debug)]
pub(in crate::mail::own) struct NewAlias<'a> {
    pub(in crate::mail::own) id: MailAliasId,
    pub(in crate::mail::own) owner: MailboxId,
    pub(in crate::mail::own) local_part: &'a str,
    pub(in crate::mail::own) address: &'a str,
    pub(in crate::mail::own) description: &'a str,
}

/// Keeps one that leads to its owner. An address that is taken violates `mail_address_pkey`.
pub(in crate::mail::own) async fn insert_alias(
    tx: &mut MailboxTx,
    mailbox: &Overview,
    new: &NewAlias<'_>,
    now: DateTime<Utc>,
) -> Result<(), sqlx::Error> {
    let targets = [mailbox.address.clone()];
    sqlx::query!(
        "insert into mail_alias (id, tenant_id, domain_id, local_part, address, kind, description, targets, owner_id, created_by, \
         created_at, updated_at) values ($1, $2, $3, $4, $5, 'alias', $6, $7, $8, $9, $10, $10)",
        new.id.0,
        mailbox.tenant_id,
        mailbox.domain_id,
        new.local_part,
        new.address,
        new.description,
        &targets[..],
        new.owner.0,
        mailbox.address,
        now
    )
    .execute(tx.conn())
    .await
    .map(drop)
}

/// Takes one away. Says which address it was.
pub(in crate::mail::own) async fn delete_alias(
    tx: &mut MailboxTx,
    (owner, id): (MailboxId, MailAliasId),
) -> Result<String, Error> {
    let address = sqlx::query_scalar!(
        "delete from mail_alias where id = $1 and owner_id = $2 returning address",
        id.0,
        owner.0
    );
    address.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// Whether a mailbox that is deleted had this address and may get it back. Asked in a transaction that sees the tenant.
pub(in crate::mail::own) async fn was_mailbox(tx: &mut TenantTx, address: &str) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from mailbox where address = $1 and deleted_at is not null) as "found!""#,
        address
    );
    Ok(found.fetch_one(tx.conn()).await?)
}
