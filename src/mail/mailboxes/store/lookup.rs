//! Single mailboxes, and what has an address.

use chrono::{DateTime, Utc};

use crate::mail::model::Holder;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, MailboxId, TenantId};

use super::super::model::{Kept, Mailbox};

/// A row as it is read.
pub(super) struct Row {
    pub(super) id: MailboxId,
    pub(super) tenant_id: TenantId,
    pub(super) domain_id: MailDomainId,
    pub(super) address: String,
    pub(super) name: String,
    pub(super) has_password: bool,
    pub(super) setup_until: Option<DateTime<Utc>>,
    pub(super) is_enabled: bool,
    pub(super) quota_mib: Option<i64>,
    pub(super) hourly_limit: Option<i32>,
    pub(super) forward_to: Vec<String>,
    pub(super) keeps_copy: bool,
    pub(super) max_own_aliases: i32,
    pub(super) used_bytes: i64,
    pub(super) used_messages: i64,
    pub(super) last_imap_at: Option<DateTime<Utc>>,
    pub(super) last_pop3_at: Option<DateTime<Utc>>,
    pub(super) last_smtp_at: Option<DateTime<Utc>>,
    pub(super) last_sieve_at: Option<DateTime<Utc>>,
    pub(super) version: i64,
    pub(super) created_by: String,
    pub(super) created_at: DateTime<Utc>,
    pub(super) updated_at: DateTime<Utc>,
    pub(super) deleted_at: Option<DateTime<Utc>>,
    pub(super) purge_after: Option<DateTime<Utc>>,
}

impl From<Row> for Mailbox {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id,
            domain: row.domain_id,
            address: row.address,
            name: row.name,
            has_password: row.has_password,
            setup_until: row.setup_until,
            is_enabled: row.is_enabled,
            quota_mib: row.quota_mib,
            hourly_limit: row.hourly_limit,
            forward_to: row.forward_to,
            keeps_copy: row.keeps_copy,
            max_own_aliases: row.max_own_aliases,
            used_bytes: row.used_bytes,
            used_messages: row.used_messages,
            last_imap_at: row.last_imap_at,
            last_pop3_at: row.last_pop3_at,
            last_smtp_at: row.last_smtp_at,
            last_sieve_at: row.last_sieve_at,
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
            updated_at: row.updated_at,
            // A check of the table lets both in or none.
            deleted: row
                .deleted_at
                .zip(row.purge_after)
                .map(|(since, until)| Kept { since, until }),
        }
    }
}

/// The checked macro takes literals only, so what all queries of mailboxes have in common is put together here.
macro_rules! select {
    ($rest:expr, $($argument:expr),+ $(,)?) => {
        sqlx::query_as!(
            crate::mail::mailboxes::store::lookup::Row,
            r#"select m.id as "id: crate::platform::ids::MailboxId", m.tenant_id as "tenant_id: crate::platform::ids::TenantId",
                 m.domain_id as "domain_id: crate::platform::ids::MailDomainId", m.address, m.name,
                 (m.password_hash is not null) as "has_password!", m.setup_until, m.is_enabled, m.quota_mib, m.hourly_limit,
                 m.forward_to, m.keeps_copy, m.max_own_aliases, m.used_bytes, m.used_messages, m.last_imap_at, m.last_pop3_at,
                 m.last_smtp_at, m.last_sieve_at, m.version, m.created_by, m.created_at, m.updated_at, m.deleted_at, m.purge_after
               from mailbox m "# + $rest,
            $($argument),+
        )
    };
}
pub(super) use select;

/// One mailbox, deleted or not, if the scope may see it.
pub async fn find(tx: &mut impl Scoped, id: MailboxId) -> Result<Mailbox, Error> {
    let row = select!("where m.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Mailbox::from).ok_or(Error::NotFound)
}

/// The same, locked until the transaction ends. Whoever locks a tenant's sums as well does that afterwards.
pub async fn lock(tx: &mut impl Scoped, id: MailboxId) -> Result<Mailbox, Error> {
    let row = select!("where m.id = $1 for update of m", id.0)
        .fetch_optional(tx.conn())
        .await?;
    row.map(Mailbox::from).ok_or(Error::NotFound)
}

/// The ways that mail takes to and from a mailbox besides its address.
#[derive(Debug, Clone, Copy)]
pub struct Roads {
    /// How many aliases that are enabled lead to it.
    pub aliases: i64,
    /// Whether its person has mail answered.
    pub replies: bool,
}

/// Looks for them, in one query by two indexes.
pub async fn roads(tx: &mut impl Scoped, mailbox: &Mailbox) -> Result<Roads, Error> {
    let row = sqlx::query_as!(
        Roads,
        r#"select (select count(*) from mail_alias
                   where targets @> array[$2::text] and tenant_id = $3 and is_enabled) as "aliases!",
                  exists(select from mailbox_filter where mailbox_id = $1 and reply_is_on) as "replies!""#,
        mailbox.id.0,
        mailbox.address,
        mailbox.tenant.0
    );
    Ok(row.fetch_one(tx.conn()).await?)
}

/// What has an address in a domain.
pub async fn taken_by(
    tx: &mut impl Scoped,
    domain: MailDomainId,
    address: &str,
) -> Result<Option<Holder>, Error> {
    let kind = sqlx::query_scalar!(
        "select kind from mail_address where address = $1 and domain_id = $2",
        address,
        domain.0
    );
    let kind = kind.fetch_optional(tx.conn()).await?;
    Ok(kind.as_deref().map(Holder::read))
}
