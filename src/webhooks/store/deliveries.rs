//! What webhooks are told, and what became of it.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, WebhookDeliveryId, WebhookId};

use super::super::model::{Delivery, State, Tried};
use super::TimeKey;

/// A message to be written.
pub struct NewDelivery<'a> {
    /// Its id.
    pub id: WebhookDeliveryId,
    /// To which webhook, and whose that is.
    pub to: (WebhookId, Option<TenantId>),
    /// What it tells of.
    pub event: &'a str,
    /// Of which thing: nothing is told twice of it.
    pub about: &'a str,
    /// The message.
    pub body: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

struct Row {
    id: WebhookDeliveryId,
    webhook_id: WebhookId,
    event: String,
    body: String,
    state: String,
    attempts: i32,
    status: Option<i32>,
    took_ms: Option<i32>,
    answer: Option<String>,
    error: Option<String>,
    tried_at: Option<DateTime<Utc>>,
    created_at: DateTime<Utc>,
}

impl From<Row> for Delivery {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            webhook: row.webhook_id,
            event: row.event,
            body: row.body,
            state: State::read(&row.state),
            attempts: row.attempts,
            status: row.status,
            took_ms: row.took_ms,
            answer: row.answer,
            error: row.error,
            tried_at: row.tried_at,
            created_at: row.created_at,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select id as "id: WebhookDeliveryId", webhook_id as "webhook_id: WebhookId", event, body, state, attempts, status, took_ms,
                 answer, error, tried_at, created_at from webhook_delivery "# + $rest
            $(, $argument)*
        )
    };
}

/// Writes a message. Says whether it is new.
pub async fn insert_delivery(tx: &mut impl Scoped, new: &NewDelivery<'_>) -> Result<bool, Error> {
    let added = sqlx::query!(
        "insert into webhook_delivery (id, tenant_id, webhook_id, event, about, body, due_at, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $7) on conflict on constraint webhook_delivery_once do nothing",
        new.id.0,
        new.to.1.map(|id| id.0),
        new.to.0.0,
        new.event,
        new.about,
        new.body,
        new.now
    );
    Ok(added.execute(tx.conn()).await?.rows_affected() > 0)
}

/// One of a webhook.
pub async fn delivery(
    tx: &mut impl Scoped,
    webhook: WebhookId,
    id: WebhookDeliveryId,
) -> Result<Delivery, Error> {
    let row = select!("where webhook_id = $1 and id = $2", webhook.0, id.0);
    let row = row.fetch_optional(tx.conn()).await?;
    row.map(Delivery::from).ok_or(Error::NotFound)
}

/// A page of what a webhook was told, the newest first.
pub async fn deliveries(
    tx: &mut impl Scoped,
    webhook: WebhookId,
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Delivery>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where webhook_id = $1 and ($3::uuid is null or (created_at, id) < ($2::timestamptz, $3::uuid)) \
         order by created_at desc, id desc limit $4",
        webhook.0,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Delivery::from).collect())
}

/// Lets one be tried as if it was new.
pub async fn renew(tx: &mut impl Scoped, id: WebhookDeliveryId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update webhook_delivery set state = 'waiting', attempts = 0, error = null, due_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A message that waits, and where it goes.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// To which webhook.
    pub webhook: WebhookId,
    /// Whose that is.
    pub tenant: Option<TenantId>,
    /// The address.
    pub url: String,
    /// The message.
    pub body: String,
    /// Since when it is tried.
    pub due_at: DateTime<Utc>,
    /// Until when the address is left alone.
    pub hold_until: Option<DateTime<Utc>>,
    /// Whether nothing is told any more.
    pub is_off: bool,
}

/// One, if it still waits.
pub async fn due(tx: &mut SystemTx, id: WebhookDeliveryId) -> Result<Option<Waiting>, Error> {
    let row = sqlx::query_as!(
        Waiting,
        r#"select w.id as "webhook: WebhookId", w.tenant_id as "tenant: TenantId", w.url, d.body, d.due_at, w.hold_until,
             (w.is_paused or w.disabled_at is not null) as "is_off!"
           from webhook_delivery d join webhook w on w.id = d.webhook_id where d.id = $1 and d.state = 'waiting'"#,
        id.0
    );
    Ok(row.fetch_optional(tx.conn()).await?)
}

/// Writes what a try came to. One that was decided meanwhile stays as it is.
pub async fn tried(
    tx: &mut SystemTx,
    id: WebhookDeliveryId,
    (state, tried): (State, &Tried),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update webhook_delivery set state = $2, attempts = attempts + 1, status = $3, took_ms = $4, answer = $5, error = $6, \
         tried_at = $7 where id = $1 and state = 'waiting'",
        id.0,
        state.word(),
        tried.status.map(i32::from),
        tried.took_ms,
        tried.answer,
        tried.error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Gives up all that waits for a webhook.
pub async fn fail_waiting(tx: &mut SystemTx, webhook: WebhookId, why: &str) -> Result<(), Error> {
    sqlx::query!(
        "update webhook_delivery set state = 'failed', error = $2 where webhook_id = $1 and state = 'waiting'",
        webhook.0,
        why
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what was decided and written before a time. Says how many.
pub async fn forget(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "delete from webhook_delivery where created_at < $1 and state <> 'waiting'",
        before
    );
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}
