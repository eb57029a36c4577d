//! What people write of a domain.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, violates};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, TenantId};

use super::super::model::Checked;

/// A domain to be added.
#[derive(Debug)]
pub struct NewDomain<'a> {
    /// Its id.
    pub id: MailDomainId,
    /// Whose.
    pub tenant: TenantId,
    /// Its name, as DNS has it.
    pub name: &'a str,
    /// What proves it.
    pub proof: &'a str,
    /// The domain whose addresses it has as well.
    pub alias_of: Option<MailDomainId>,
    /// Who adds it.
    pub by: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Writes a new one, which is unverified.
pub async fn insert(tx: &mut impl Scoped, new: &NewDomain<'_>) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into mail_domain (id, tenant_id, name, proof, alias_of, created_by, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $7)",
        new.id.0,
        new.tenant.0,
        new.name,
        new.proof,
        new.alias_of.map(|id| id.0),
        new.by,
        new.now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(|error| {
        if violates(&error, "mail_domain_name_key") {
            Error::invalid("name", "You have added this domain already.")
        } else {
            error.into()
        }
    })
}

/// Notes that it was proved by these texts, which DNS has. The first of all tenants that proves a name has it. Says whether they
/// prove it.
pub async fn prove(
    tx: &mut impl Scoped,
    id: MailDomainId,
    seen: &[String],
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query_scalar!(
        r#"select mail_prove_domain($1, $2, $3) as "done!""#,
        id.0,
        seen,
        now
    );
    done.fetch_one(tx.conn()).await.map_err(|error| {
        if violates(&error, "mail_domain_verified_key") {
            Error::conflict(
                "mail-domain-taken",
                "This domain's mail is here already, with another organisation. Ask your provider if it should be yours.",
            )
        } else {
            error.into()
        }
    })
}

/// What people set of a domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Whether mail goes in and out.
    pub is_enabled: bool,
    /// The domain whose addresses it has as well.
    pub alias_of: Option<MailDomainId>,
    /// What its mailboxes may hold together.
    pub quota_mib: Option<i64>,
    /// Recipients that they may send to in an hour.
    pub hourly_limit: Option<i32>,
}

/// Writes its settings.
pub async fn save(
    tx: &mut impl Scoped,
    id: MailDomainId,
    settings: &Settings,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mail_domain set is_enabled = $2, alias_of = $3, quota_mib = $4, hourly_limit = $5, version = version + 1, \
         updated_at = $6 where id = $1",
        id.0,
        settings.is_enabled,
        settings.alias_of.map(|id| id.0),
        settings.quota_mib,
        settings.hourly_limit,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what was seen of its records. That is no change that people make, so its version stays.
pub async fn save_checks(
    tx: &mut impl Scoped,
    id: MailDomainId,
    seen: &[Checked],
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let seen = serde_json::to_value(seen).map_err(Error::internal)?;
    sqlx::query!(
        "update mail_domain set checks = $2, checked_at = $3 where id = $1",
        id.0,
        seen,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Locks those mailboxes of a domain that were deleted and are kept. Whoever restores or erases one locks the tenant's sums after it.
pub async fn lock_kept(tx: &mut impl Scoped, id: MailDomainId) -> Result<(), Error> {
    sqlx::query!(
        "select id from mailbox where domain_id = $1 and deleted_at is not null order by id for update",
        id.0
    )
    .fetch_all(tx.conn())
    .await?;
    Ok(())
}

/// Has the mail of those mailboxes removed that were deleted and are kept. Says how many they were.
pub async fn erase_kept(tx: &mut impl Scoped, id: MailDomainId, now: DateTime<Utc>) -> Result<i64, Error> {
    let gone = sqlx::query_scalar!(r#"select mail_erase_kept($1, $2) as "gone!""#, id.0, now);
    Ok(gone.fetch_one(tx.conn()).await?)
}

/// Removes a domain with its keys.
pub async fn remove(tx: &mut impl Scoped, id: MailDomainId) -> Result<(), Error> {
    sqlx::query!("delete from mail_domain where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
