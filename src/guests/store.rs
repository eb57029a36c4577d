//! Whom servers are shared with. Row-level security keeps each tenant to its own.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::accounts::Offer;
use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, UserId};

use super::model::Guest;

struct Row {
    user_id: Uuid,
    name: String,
    email: String,
    is_disabled: bool,
    permissions: Vec<String>,
    expires_at: Option<DateTime<Utc>>,
    version: i64,
    invited_by: String,
    created_at: DateTime<Utc>,
}

impl From<Row> for Guest {
    fn from(row: Row) -> Self {
        Self {
            user: UserId(row.user_id),
            name: row.name,
            email: row.email,
            is_disabled: row.is_disabled,
            // A permission that a later version took away gives no right.
            permissions: row
                .permissions
                .iter()
                .filter_map(|name| name.parse().ok())
                .collect(),
            until: row.expires_at,
            version: row.version,
            invited_by: row.invited_by,
            since: row.created_at,
        }
    }
}

/// All whom a server is shared with, by their addresses. There is a limit to how many, so this is one page.
pub async fn list(tx: &mut TenantTx, server: ServerId) -> Result<Vec<Guest>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select g.user_id, u.name, u.email, u.disabled_at is not null as "is_disabled!", g.permissions, g.expires_at,
             g.version, g.invited_by, g.created_at
           from server_guest g join user_account u on u.id = g.user_id where g.server_id = $1
           order by u.email, g.user_id"#,
        server.0
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Guest::from)
        .collect())
}

/// One of them, locked until the transaction ends.
pub async fn lock(tx: &mut TenantTx, server: ServerId, user: UserId) -> Result<Guest, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select g.user_id, u.name, u.email, u.disabled_at is not null as "is_disabled!", g.permissions, g.expires_at,
             g.version, g.invited_by, g.created_at
           from server_guest g join user_account u on u.id = g.user_id where g.server_id = $1 and g.user_id = $2
           for update of g"#,
        server.0,
        user.0
    );
    row.fetch_optional(tx.conn())
        .await?
        .map(Guest::from)
        .ok_or(Error::NotFound)
}

/// Gives something else to one of them.
pub async fn change(tx: &mut TenantTx, user: UserId, offer: &Offer, now: DateTime<Utc>) -> Result<(), Error> {
    let names: Vec<String> = offer
        .permissions
        .iter()
        .map(|one| one.name().to_owned())
        .collect();
    sqlx::query!(
        "update server_guest set permissions = $3, expires_at = $4, version = version + 1, updated_at = $5 \
         where server_id = $1 and user_id = $2",
        offer.server.0,
        user.0,
        &names,
        offer.until,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ends the access of the guest whose transaction it is; whether there was any.
pub async fn leave(tx: &mut TenantTx) -> Result<bool, Error> {
    let left = sqlx::query_scalar!(r#"select guest_leaves() as "left!""#);
    Ok(left.fetch_one(tx.conn()).await?)
}

/// Forgets those whose time was over before `before`; how many.
pub async fn purge(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("delete from server_guest where expires_at < $1", before);
    Ok(done.execute(tx.conn()).await?.rows_affected())
}

/// Shares the server with them no longer. Their tokens for it end with the row.
pub async fn remove(tx: &mut TenantTx, server: ServerId, user: UserId) -> Result<(), Error> {
    sqlx::query!(
        "delete from server_guest where server_id = $1 and user_id = $2",
        server.0,
        user.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
