//! What hangs on a mailbox: passwords for single programs, and addresses that it may send as.

use crate::platform::db::{Scoped, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{AppPasswordId, MailDomainId, MailboxId, TenantId};

use super::super::model::{AppPassword, AppPasswordProtocol, Mailbox};

/// A mailbox's passwords for single programs, the newest first. There is a limit to how many.
pub async fn app_passwords(tx: &mut impl Scoped, mailbox: MailboxId) -> Result<Vec<AppPassword>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: AppPasswordId", name, protocols, created_at, last_used_at from mailbox_app_password
           where mailbox_id = $1 order by created_at desc, id desc"#,
        mailbox.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| AppPassword {
            id: row.id,
            name: row.name,
            protocols: row
                .protocols
                .iter()
                .filter_map(|word| AppPasswordProtocol::read(word))
                .collect(),
            created_at: row.created_at,
            last_used_at: row.last_used_at,
        })
        .collect())
}

/// How many passwords for single programs a mailbox has.
pub async fn count_app_passwords(tx: &mut impl Scoped, mailbox: MailboxId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from mailbox_app_password where mailbox_id = $1"#,
        mailbox.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Writes one, of whose text the digest is kept.
pub async fn insert_app_password(
    tx: &mut impl Scoped,
    (tenant, mailbox): (TenantId, MailboxId),
    new: &AppPassword,
    digest: &str,
) -> Result<(), Error> {
    let words: Vec<String> = new.protocols.iter().map(|one| one.word().to_owned()).collect();
    let done = sqlx::query!(
        "insert into mailbox_app_password (id, tenant_id, mailbox_id, name, digest, protocols, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7)",
        new.id.0,
        tenant.0,
        mailbox.0,
        new.name,
        digest,
        &words,
        new.created_at
    );
    match done.execute(tx.conn()).await {
        Ok(_) => Ok(()),
        Err(error) if violates(&error, "mailbox_app_password_name_key") => Err(Error::invalid(
            "name",
            "This mailbox has an app password of that name. Choose another name, or remove that one.",
        )),
        Err(error) => Err(error.into()),
    }
}

/// Removes one; says what it was called, if it was there.
pub async fn remove_app_password(
    tx: &mut impl Scoped,
    mailbox: MailboxId,
    id: AppPasswordId,
) -> Result<Option<String>, Error> {
    let name = sqlx::query_scalar!(
        "delete from mailbox_app_password where mailbox_id = $1 and id = $2 returning name",
        mailbox.0,
        id.0
    );
    Ok(name.fetch_optional(tx.conn()).await?)
}

/// Removes all of a mailbox's. Says how many.
pub async fn remove_app_passwords(tx: &mut TenantTx, mailbox: MailboxId) -> Result<u64, Error> {
    let done = sqlx::query!(
        "delete from mailbox_app_password where mailbox_id = $1",
        mailbox.0
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

/// How many addresses a mailbox may send as besides its own and its aliases'.
pub async fn count_send_as(tx: &mut impl Scoped, mailbox: MailboxId) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from mailbox_send_as where mailbox_id = $1"#,
        mailbox.0
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// The addresses that a mailbox may send as besides its own and its aliases', by address.
pub async fn send_as(tx: &mut impl Scoped, mailbox: MailboxId) -> Result<Vec<String>, Error> {
    let addresses = sqlx::query_scalar!(
        "select address from mailbox_send_as where mailbox_id = $1 order by address",
        mailbox.0
    );
    Ok(addresses.fetch_all(tx.conn()).await?)
}

/// Lets a mailbox send as an address. Says whether that is new.
pub async fn allow_send_as(
    tx: &mut TenantTx,
    mailbox: &Mailbox,
    (domain, address): (MailDomainId, &str),
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "insert into mailbox_send_as (mailbox_id, tenant_id, domain_id, address) values ($1, $2, $3, $4) on conflict do nothing",
        mailbox.id.0,
        mailbox.tenant.0,
        domain.0,
        address
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}

/// Takes that back. Says whether it was so.
pub async fn forbid_send_as(tx: &mut TenantTx, mailbox: MailboxId, address: &str) -> Result<bool, Error> {
    let done = sqlx::query!(
        "delete from mailbox_send_as where mailbox_id = $1 and address = $2",
        mailbox.0,
        address
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}
