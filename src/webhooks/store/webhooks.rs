//! Webhooks.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{TenantId, WebhookId};

use super::super::model::{Webhook, WebhookText};

/// Where a page of a list by time begins.
pub type TimeKey = (DateTime<Utc>, Uuid);

struct Row {
    id: WebhookId,
    tenant_id: Option<TenantId>,
    tenant_name: Option<String>,
    url: String,
    description: String,
    events: Vec<String>,
    is_paused: bool,
    failing_since: Option<DateTime<Utc>>,
    disabled_at: Option<DateTime<Utc>>,
    version: i64,
    created_by: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Webhook {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id,
            tenant_name: row.tenant_name,
            url: row.url,
            description: row.description,
            events: row.events,
            is_paused: row.is_paused,
            failing_since: row.failing_since,
            disabled_at: row.disabled_at,
            version: row.version,
            created_by: row.created_by,
            created_at: row.created_at,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select w.id as "id: WebhookId", w.tenant_id as "tenant_id: TenantId", t.name as "tenant_name?", w.url, w.description,
                 w.events, w.is_paused, w.failing_since, w.disabled_at, w.version, w.created_by, w.created_at
               from webhook w left join tenant t on t.id = w.tenant_id "# + $rest
            $(, $argument)*
        )
    };
}

/// A page of those that the scope may see, the newest first.
pub async fn list(tx: &mut impl Scoped, before: Option<TimeKey>, limit: i64) -> Result<Vec<Webhook>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where $2::uuid is null or (w.created_at, w.id) < ($1::timestamptz, $2::uuid) \
         order by w.created_at desc, w.id desc limit $3",
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Webhook::from).collect())
}

/// One that the scope may see.
pub async fn find(tx: &mut impl Scoped, id: WebhookId) -> Result<Webhook, Error> {
    let row = select!("where w.id = $1", id.0).fetch_optional(tx.conn()).await?;
    row.map(Webhook::from).ok_or(Error::NotFound)
}

/// One of a tenant, or of the provider, kept from others' changes.
pub async fn lock(tx: &mut impl Scoped, id: WebhookId, tenant: Option<TenantId>) -> Result<Webhook, Error> {
    let found = sqlx::query_scalar!(
        "select version from webhook where id = $1 and tenant_id is not distinct from $2 for update",
        id.0,
        tenant.map(|id| id.0)
    );
    found.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    find(tx, id).await
}

/// How many a tenant, or the provider, has.
pub async fn count(tx: &mut impl Scoped, tenant: Option<TenantId>) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from webhook where tenant_id is not distinct from $1"#,
        tenant.map(|id| id.0)
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// Writes a new one.
pub async fn insert(
    tx: &mut impl Scoped,
    (id, tenant): (WebhookId, Option<TenantId>),
    new: &WebhookText,
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "insert into webhook (id, tenant_id, url, description, events, is_paused, created_by, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        id.0,
        tenant.map(|id| id.0),
        new.url,
        new.description,
        &new.events,
        new.is_paused,
        by,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes what one is from now on.
pub async fn save(
    tx: &mut impl Scoped,
    id: WebhookId,
    new: &WebhookText,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update webhook set url = $2, description = $3, events = $4, is_paused = $5, updated_at = $6, version = version + 1 \
         where id = $1",
        id.0,
        new.url,
        new.description,
        &new.events,
        new.is_paused,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Takes one away, with all that it was told.
pub async fn delete(tx: &mut impl Scoped, id: WebhookId) -> Result<(), Error> {
    sqlx::query!("delete from webhook where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets one that was disabled be told again.
pub async fn enable(tx: &mut impl Scoped, id: WebhookId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update webhook set disabled_at = null, failing_since = null, failures = 0, hold_until = null, updated_at = $2, \
         version = version + 1 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets the next message go at once, however often it failed before.
pub async fn release(tx: &mut impl Scoped, id: WebhookId) -> Result<(), Error> {
    sqlx::query!("update webhook set hold_until = null where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Those that are to be told of an event: the provider's, and a tenant's if it is one of theirs.
pub async fn hears(
    tx: &mut SystemTx,
    tenant: Option<TenantId>,
    event: &str,
) -> Result<Vec<(WebhookId, Option<TenantId>)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: WebhookId", tenant_id as "tenant_id: TenantId" from webhook
           where (tenant_id is null or tenant_id = $1) and $2 = any(events) and not is_paused and disabled_at is null order by id"#,
        tenant.map(|id| id.0),
        event
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, row.tenant_id)).collect())
}

/// Writes that a message arrived.
pub async fn worked(tx: &mut SystemTx, id: WebhookId) -> Result<(), Error> {
    sqlx::query!(
        "update webhook set failing_since = null, failures = 0, hold_until = null where id = $1 and failures > 0",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that one did not. Says since when none does, and how often in a row.
pub async fn failed(
    tx: &mut SystemTx,
    id: WebhookId,
    now: DateTime<Utc>,
) -> Result<(DateTime<Utc>, i32), Error> {
    let row = sqlx::query!(
        r#"update webhook set failing_since = coalesce(failing_since, $2), failures = failures + 1 where id = $1
           returning failing_since as "since!", failures"#,
        id.0,
        now
    );
    let row = row.fetch_optional(tx.conn()).await?.ok_or(Error::NotFound)?;
    Ok((row.since, row.failures))
}

/// Leaves one alone until a moment.
pub async fn hold(tx: &mut SystemTx, id: WebhookId, until: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!("update webhook set hold_until = $2 where id = $1", id.0, until)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Lets one be told nothing any more. Says whether it was told something before.
pub async fn disable(tx: &mut SystemTx, id: WebhookId, now: DateTime<Utc>) -> Result<bool, Error> {
    let disabled = sqlx::query!(
        "update webhook set disabled_at = $2 where id = $1 and disabled_at is null",
        id.0,
        now
    );
    Ok(disabled.execute(tx.conn()).await?.rows_affected() > 0)
}

/// The provider's that are told nothing any more because nothing arrived: their ids and addresses.
pub async fn disabled(tx: &mut StaffTx) -> Result<Vec<(WebhookId, String)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: WebhookId", url from webhook where tenant_id is null and disabled_at is not null order by id"#
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, row.url)).collect())
}
