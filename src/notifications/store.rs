//! The rows of notifications.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{NotificationId, TenantId};

use super::model::{Notification, State};

/// Where a page of a list by time begins.
pub type TimeKey = (DateTime<Utc>, Uuid);

struct Row {
    id: NotificationId,
    tenant_id: Option<TenantId>,
    tenant_name: Option<String>,
    recipient: String,
    subject: String,
    body: String,
    about: Option<Uuid>,
    state: String,
    attempts: i32,
    error: Option<String>,
    created_at: DateTime<Utc>,
    sent_at: Option<DateTime<Utc>>,
}

impl From<Row> for Notification {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            tenant: row.tenant_id.zip(row.tenant_name),
            recipient: row.recipient,
            subject: row.subject,
            text: row.body,
            about: row.about,
            state: State::read(&row.state),
            attempts: row.attempts,
            error: row.error,
            created_at: row.created_at,
            sent_at: row.sent_at,
        }
    }
}

macro_rules! select {
    ($rest:literal $(, $argument:expr)*) => {
        sqlx::query_as!(
            Row,
            r#"select n.id as "id: NotificationId", n.tenant_id as "tenant_id: TenantId", t.name as "tenant_name?", n.recipient,
                 n.subject, n.body, n.about, n.state, n.attempts, n.error, n.created_at, n.sent_at
               from notification n left join tenant t on t.id = n.tenant_id "# + $rest
            $(, $argument)*
        )
    };
}

/// Writes a new one.
pub async fn insert(tx: &mut impl Scoped, new: &Notification) -> Result<(), Error> {
    sqlx::query!(
        "insert into notification (id, tenant_id, recipient, subject, body, about, state, created_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        new.id.0,
        new.tenant.as_ref().map(|(tenant, _)| tenant.0),
        new.recipient,
        new.subject,
        new.text,
        new.about,
        new.state.word(),
        new.created_at
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// One.
pub async fn find(tx: &mut impl Scoped, id: NotificationId) -> Result<Notification, Error> {
    let found = select!("where n.id = $1", id.0).fetch_optional(tx.conn()).await?;
    found.map(Notification::from).ok_or(Error::NotFound)
}

/// A page of all, the newest first.
pub async fn list(
    tx: &mut impl Scoped,
    pattern: Option<&str>,
    before: Option<TimeKey>,
    limit: i64,
) -> Result<Vec<Notification>, Error> {
    let (at, id) = before.unzip();
    let rows = select!(
        "where ($1::text is null or n.recipient ilike $1 or n.subject ilike $1 or t.name ilike $1) \
         and ($3::uuid is null or (n.created_at, n.id) < ($2::timestamptz, $3::uuid)) \
         order by n.created_at desc, n.id desc limit $4",
        pattern,
        at,
        id,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    Ok(rows.into_iter().map(Notification::from).collect())
}

/// Writes what became of a try. One that was decided meanwhile stays as it is.
pub async fn tried(
    tx: &mut SystemTx,
    id: NotificationId,
    (state, error): (State, Option<&str>),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update notification set state = $2, error = $3, attempts = attempts + 1, \
           sent_at = case when $2 = 'sent' then $4::timestamptz end where id = $1 and state = 'waiting'",
        id.0,
        state.word(),
        error,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Lets one be tried as if it was new.
pub async fn renew(tx: &mut impl Scoped, id: NotificationId) -> Result<(), Error> {
    sqlx::query!(
        "update notification set state = 'waiting', attempts = 0, error = null where id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets what was decided and written before a time. Says how many.
pub async fn forget(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let gone = sqlx::query!(
        "delete from notification where created_at < $1 and state <> 'waiting'",
        before
    );
    Ok(gone.execute(tx.conn()).await?.rows_affected())
}

/// The addresses of a tenant's owners who may sign in.
pub async fn owners(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<String>, Error> {
    let owners = sqlx::query_scalar!(
        "select u.email from membership m join user_account u on u.id = m.user_id \
         where m.tenant_id = $1 and m.role = 'owner' and u.disabled_at is null order by u.email",
        tenant.0
    );
    Ok(owners.fetch_all(tx.conn()).await?)
}
