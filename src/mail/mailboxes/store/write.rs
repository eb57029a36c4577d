//! Making mailboxes and changing them.

use chrono::{DateTime, Utc};

use crate::mail::model::Holder;
use crate::platform::db::{Scoped, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};

use super::super::model::{Fresh, Mailbox};

/// Why an address can't be had, in the words that a form shows.
pub(super) fn clash(error: sqlx::Error, address: &str) -> Error {
    if violates(&error, "mailbox_address_key") {
        Holder::Mailbox.refuse("address", address)
    } else if violates(&error, "mail_address_pkey") {
        // A mailbox of that address would have been found by the constraint above.
        Holder::Alias.refuse("address", address)
    } else {
        error.into()
    }
}

/// A mailbox to be written. It has no text of its own, because there is a hash in it.
pub struct Made<'a> {
    /// Its id.
    pub id: MailboxId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What was asked for.
    pub fresh: &'a Fresh,
    /// The hash of its password.
    pub hash: Option<&'a str>,
    /// The hash of its set-up link, and until when that works.
    pub link: Option<(&'a [u8], DateTime<Utc>)>,
    /// Who makes it.
    pub by: &'a str,
    /// How many mailboxes the tenant may have.
    pub most: i32,
    /// When.
    pub now: DateTime<Utc>,
}

/// Where a mailbox was made.
#[derive(Debug)]
pub struct Place {
    /// The domain.
    pub domain: MailDomainId,
    /// Whether its ownership was proved.
    pub is_verified: bool,
    /// Whether mail goes in and out of it.
    pub is_enabled: bool,
}

/// Writes a new mailbox if the tenant has the domain and may have one more; says where, or nothing.
///
/// All of it is one statement, and the tenant's sums are locked by it and not before: whoever makes mailboxes for the same tenant
/// waits no longer than for this and the commit.
pub async fn insert(tx: &mut TenantTx, new: &Made<'_>) -> Result<Option<Place>, Error> {
    let address = &new.fresh.address;
    let done = sqlx::query_as!(
        Place,
        r#"with sums as (select tenant_id, mailboxes from mail_total where tenant_id = $2 for update),
           place as (select d.id, d.verified_at, d.is_enabled from sums join mail_domain d on d.tenant_id = sums.tenant_id
             where d.name = $3 and d.alias_of is null and sums.mailboxes < $15),
           made as (insert into mailbox (id, tenant_id, domain_id, local_part, address, name, password_hash, setup_hash,
               setup_until, quota_mib, hourly_limit, max_own_aliases, created_by, created_at, updated_at)
             select $1, $2, place.id, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $14 from place
             returning domain_id)
           select place.id as "domain!: MailDomainId", place.verified_at is not null as "is_verified!", place.is_enabled as "is_enabled!"
           from made join place on place.id = made.domain_id"#,
        new.id.0,
        new.tenant.0,
        address.domain(),
        address.local(),
        address.as_str(),
        new.fresh.name,
        new.hash,
        new.link.map(|(hash, _)| hash),
        new.link.map(|(_, until)| until),
        new.fresh.quota_mib,
        new.fresh.hourly_limit,
        new.fresh.max_own_aliases,
        new.by,
        new.now,
        new.most
    );
    let done = done.fetch_optional(tx.conn()).await;
    done.map_err(|error| clash(error, &address.shown()))
}

/// Writes what of a mailbox is changed by its settings.
pub async fn save(tx: &mut TenantTx, after: &Mailbox, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update mailbox set name = $2, quota_mib = $3, hourly_limit = $4, max_own_aliases = $5, version = version + 1, \
         updated_at = $6 where id = $1",
        after.id.0,
        after.name,
        after.quota_mib,
        after.hourly_limit,
        after.max_own_aliases,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes whether it is enabled.
pub async fn save_enabled(
    tx: &mut TenantTx,
    id: MailboxId,
    is_enabled: bool,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mailbox set is_enabled = $2, version = version + 1, updated_at = $3 where id = $1",
        id.0,
        is_enabled,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes another password; says whether it did. With an old one it does only if that one is still there and its person may sign in.
/// A set-up link that was not used works no more.
pub async fn save_hash(
    tx: &mut impl Scoped,
    id: MailboxId,
    (old, new): (Option<&str>, &str),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update mailbox set password_hash = $2, setup_hash = null, setup_until = null, version = version + 1, updated_at = $3 \
         where id = $1 and ($4::text is null or password_hash = $4 and is_enabled and deleted_at is null)",
        id.0,
        new,
        now,
        old
    );
    Ok(done.execute(tx.conn()).await?.rows_affected() > 0)
}
