//! The queries of what happens to a mailbox's mail. Row-level security keeps a tenant to its mailboxes, and a person to theirs.

use chrono::{DateTime, NaiveDate, Utc};
use sqlx::types::Json;
use uuid::Uuid;

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, TenantId};

use super::model::{Filter, MailRule, Parts, Reply};

/// A mailbox as filters know it.
#[derive(Debug, Clone)]
pub(super) struct Mailbox {
    pub(super) id: Uuid,
    pub(super) tenant_id: Uuid,
    pub(super) address: String,
    pub(super) forward_to: Vec<String>,
    pub(super) keeps_copy: bool,
    pub(super) version: i64,
}

/// A mailbox that is there.
pub(super) async fn mailbox(tx: &mut impl Scoped, id: MailboxId) -> Result<Mailbox, Error> {
    let row = sqlx::query_as!(
        Mailbox,
        "select id, tenant_id, address, forward_to, keeps_copy, version from mailbox \
         where id = $1 and deleted_at is null",
        id.0
    );
    row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

/// The same, locked until the transaction ends: changes of one mailbox wait for each other.
pub(super) async fn lock_mailbox(tx: &mut impl Scoped, id: MailboxId) -> Result<Mailbox, Error> {
    let row = sqlx::query_as!(
        Mailbox,
        "select id, tenant_id, address, forward_to, keeps_copy, version from mailbox \
         where id = $1 and deleted_at is null for update",
        id.0
    );
    row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)
}

struct Row {
    spam_tenths: i32,
    allowed: Vec<String>,
    blocked: Vec<String>,
    reply_is_on: bool,
    reply_subject: String,
    reply_text: String,
    reply_from: Option<NaiveDate>,
    reply_until: Option<NaiveDate>,
    rules: Json<Vec<MailRule>>,
    raw: String,
    revision: i64,
}

impl From<Row> for Filter {
    fn from(row: Row) -> Self {
        Self {
            parts: Parts {
                spam_tenths: u16::try_from(row.spam_tenths).unwrap_or_default(),
                allowed: row.allowed,
                blocked: row.blocked,
                reply: Reply {
                    is_on: row.reply_is_on,
                    subject: row.reply_subject,
                    text: row.reply_text,
                    from: row.reply_from,
                    until: row.reply_until,
                },
                rules: row.rules.0,
                raw: row.raw,
            },
            revision: row.revision,
        }
    }
}

/// Which mailboxes of a tenant that have one of these addresses have parts, locked until the transaction ends.
pub(super) async fn lock_with_parts(
    tx: &mut impl Scoped,
    tenant: TenantId,
    addresses: &[String],
) -> Result<Vec<MailboxId>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select f.mailbox_id as "id: MailboxId" from mailbox_filter f join mailbox m on m.id = f.mailbox_id
           where m.tenant_id = $1 and m.address = any($2) and m.deleted_at is null order by f.mailbox_id for update of f"#,
        tenant.0,
        addresses
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The parts of a mailbox; those of who said nothing if there are none. Locked until the transaction ends, so that nobody who only
/// makes the script anew writes over what somebody changes.
pub(super) async fn lock_filter(tx: &mut impl Scoped, id: MailboxId) -> Result<Filter, Error> {
    sqlx::query!(
        "select mailbox_id from mailbox_filter where mailbox_id = $1 for update",
        id.0
    )
    .fetch_optional(tx.conn())
    .await?;
    filter(tx, id).await
}

/// The same, for whoever only looks.
pub(super) async fn filter(tx: &mut impl Scoped, id: MailboxId) -> Result<Filter, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select (spam_score * 10)::int as "spam_tenths!", allowed, blocked, reply_is_on, reply_subject, reply_text,
             reply_from, reply_until, rules as "rules!: Json<Vec<MailRule>>", raw, revision
           from mailbox_filter where mailbox_id = $1"#,
        id.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(Filter::from).unwrap_or_default())
}

/// Keeps the parts and the script that was made of them. Gives the new revision.
pub(super) async fn save(
    tx: &mut impl Scoped,
    (mailbox, tenant): (MailboxId, TenantId),
    parts: &Parts,
    script: &str,
    now: DateTime<Utc>,
) -> Result<i64, Error> {
    let rules = serde_json::to_value(&parts.rules).map_err(Error::internal)?;
    let revision = sqlx::query_scalar!(
        r#"insert into mailbox_filter (mailbox_id, tenant_id, spam_score, allowed, blocked, reply_is_on, reply_subject, reply_text,
             reply_from, reply_until, rules, raw, script, revision, updated_at)
           values ($1, $2, $3::int / 10.0, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1, $14)
           on conflict (mailbox_id) do update set spam_score = excluded.spam_score, allowed = excluded.allowed,
             blocked = excluded.blocked, reply_is_on = excluded.reply_is_on, reply_subject = excluded.reply_subject,
             reply_text = excluded.reply_text, reply_from = excluded.reply_from, reply_until = excluded.reply_until,
             rules = excluded.rules, raw = excluded.raw, script = excluded.script,
             revision = mailbox_filter.revision + 1, updated_at = excluded.updated_at
           returning revision"#,
        mailbox.0,
        tenant.0,
        i32::from(parts.spam_tenths),
        &parts.allowed,
        &parts.blocked,
        parts.reply.is_on,
        parts.reply.subject,
        parts.reply.text,
        parts.reply.from,
        parts.reply.until,
        rules,
        parts.raw,
        script,
        now
    );
    Ok(revision.fetch_one(tx.conn()).await?)
}

/// The addresses that lead to a mailbox, besides its own.
pub(super) async fn addresses(tx: &mut impl Scoped, id: MailboxId) -> Result<Vec<String>, Error> {
    let rows = sqlx::query_scalar!(
        r#"select address as "address!" from mailbox_addresses($1) as found(address)"#,
        id.0
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// The name of the time zone that a tenant chose.
pub(super) async fn zone(tx: &mut impl Scoped, tenant: TenantId) -> Result<Option<String>, Error> {
    let zone = sqlx::query_scalar!("select zone from tenant_time_zone where tenant_id = $1", tenant.0);
    Ok(zone.fetch_optional(tx.conn()).await?)
}

/// Locks a tenant's sums until the transaction ends.
pub(super) async fn lock_sums(tx: &mut impl Scoped, tenant: TenantId) -> Result<(), Error> {
    sqlx::query!(
        "select tenant_id from mail_total where tenant_id = $1 for update",
        tenant.0
    )
    .fetch_optional(tx.conn())
    .await?;
    Ok(())
}

/// Says where mail goes as well, or instead.
pub(super) async fn set_forwarding(
    tx: &mut impl Scoped,
    id: MailboxId,
    (targets, keeps_copy): (&[String], bool),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update mailbox set forward_to = $2, keeps_copy = $3, version = version + 1, updated_at = $4 where id = $1",
        id.0,
        targets,
        keeps_copy,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
