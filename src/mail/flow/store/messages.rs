//! Reading what a tenant sees of its messages. Row-level security says which steps.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::MailStepId;

use super::super::model::{Outcome, Step};

/// A message as its tenant sees it.
#[derive(Debug, Clone)]
pub struct Message {
    /// Its id in the queue.
    pub queue_id: String,
    /// When it was first heard of.
    pub at: DateTime<Utc>,
    /// When last.
    pub last_at: DateTime<Utc>,
    /// Its Message-ID.
    pub message_id: Option<String>,
    /// Who sent it; empty for a bounce.
    pub sender: Option<String>,
    /// How large it is.
    pub bytes: Option<i64>,
    /// The recipients that the tenant sees.
    pub recipients: Vec<String>,
    /// What became of it.
    pub outcome: Outcome,
}

/// A step as its tenant sees it.
#[derive(Debug, Clone)]
pub struct Told {
    /// Its id.
    pub id: MailStepId,
    /// When.
    pub at: DateTime<Utc>,
    /// Whom it is about.
    pub recipient: Option<String>,
    /// What happened.
    pub step: Step,
}

/// Which messages.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Found in the sender's or a recipient's address.
    pub pattern: Option<String>,
    /// With exactly this Message-ID.
    pub message_id: Option<String>,
    /// From then on.
    pub from: Option<DateTime<Utc>>,
    /// Until then.
    pub until: Option<DateTime<Utc>>,
    /// With this outcome.
    pub outcome: Option<Outcome>,
}

/// Where a page of the list begins.
pub type Key = (DateTime<Utc>, String);

struct Row {
    queue_id: String,
    at: DateTime<Utc>,
    last_at: DateTime<Utc>,
    message_id: Option<String>,
    sender: Option<String>,
    bytes: Option<i64>,
    recipients: Vec<String>,
    outcome: String,
}

impl From<Row> for Message {
    fn from(row: Row) -> Self {
        Self {
            queue_id: row.queue_id,
            at: row.at,
            last_at: row.last_at,
            message_id: row.message_id,
            sender: row.sender,
            bytes: row.bytes,
            recipients: row.recipients,
            outcome: Outcome::read(&row.outcome),
        }
    }
}

/// A page of a tenant's messages, the newest first, those before the key.
pub async fn list(
    tx: &mut TenantTx,
    wanted: &Wanted,
    before: Option<Key>,
    limit: i64,
) -> Result<Vec<Message>, Error> {
    let (at, id) = before.unzip();
    let rows = sqlx::query_as!(
        Row,
        "select queue_id, at, last_at, message_id, sender, bytes, recipients, outcome from mail_message \
         where tenant_id = berth_tenant() \
           and ($1::text is null or sender ilike $1 or exists (select from unnest(recipients) r where r ilike $1)) \
           and ($2::text is null or message_id = $2) and ($3::timestamptz is null or at >= $3) \
           and ($4::timestamptz is null or at <= $4) and ($5::text is null or outcome = $5) \
           and ($6::timestamptz is null or (at, queue_id) < ($6, $7)) \
         order by at desc, queue_id desc limit $8",
        wanted.pattern,
        wanted.message_id,
        wanted.from,
        wanted.until,
        wanted.outcome.map(Outcome::word),
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Message::from).collect())
}

/// One message.
pub async fn find(tx: &mut TenantTx, queue_id: &str) -> Result<Message, Error> {
    let row = sqlx::query_as!(
        Row,
        "select queue_id, at, last_at, message_id, sender, bytes, recipients, outcome from mail_message \
         where tenant_id = berth_tenant() and queue_id = $1",
        queue_id
    );
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(Message::from).ok_or(Error::NotFound)
}

/// The steps of a message, in their order. Of an address of others that leads on, the address is told and not where it leads.
pub async fn steps(tx: &mut TenantTx, queue_id: &str) -> Result<Vec<Told>, Error> {
    struct Row {
        id: Uuid,
        at: DateTime<Utc>,
        recipient: Option<String>,
        original: Option<String>,
        is_own: bool,
        what: serde_json::Value,
    }
    let rows = sqlx::query_as!(
        Row,
        r#"select s.id, s.at, s.recipient, s.original, (s.domains && m.domains) as "is_own!", s.what
           from mail_step s join mail_message m on m.queue_id = s.queue_id and m.tenant_id = berth_tenant()
           where s.queue_id = $1 order by s.at, s.id limit 2000"#,
        queue_id
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let told = |row: Row| {
        let step: Step = serde_json::from_value(row.what).map_err(Error::internal)?;
        let leads_on = row.original.is_some() && row.original != row.recipient;
        let (recipient, step) = if leads_on && !row.is_own {
            (row.original, step.without_way())
        } else {
            (row.recipient, step)
        };
        Ok(Told {
            id: MailStepId(row.id),
            at: row.at,
            recipient,
            step,
        })
    };
    rows.into_iter().map(told).collect()
}
