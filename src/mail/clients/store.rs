//! Which domains are served here, and whose mailbox is set up.

use crate::mail::model::DomainName;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::MailboxId;

/// Whether mail for a domain goes through this installation. Nothing else of it is told to whoever asks.
pub(super) async fn is_served(tx: &mut SystemTx, domain: &DomainName) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists(select from mail_domain where name = $1 and verified_at is not null and is_enabled) as "found!""#,
        domain.as_str()
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// A mailbox that is set up.
#[derive(Debug, Clone)]
pub(super) struct Owner {
    /// Its address.
    pub address: String,
    /// The person's name.
    pub name: String,
}

/// A mailbox that is not deleted.
pub(super) async fn owner(tx: &mut impl Scoped, mailbox: MailboxId) -> Result<Owner, Error> {
    let owner = sqlx::query_as!(
        Owner,
        "select address, name from mailbox where id = $1 and deleted_at is null",
        mailbox.0
    );
    owner.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}
