//! The views' queries. Row security shows staff their own and those that are shared.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{SavedViewId, UserId};

use super::model::{View, Wish};

struct Row {
    id: SavedViewId,
    owner: UserId,
    owner_name: String,
    name: String,
    shared: bool,
    query: String,
    version: i64,
}

impl From<Row> for View {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            owner: row.owner,
            owner_name: row.owner_name,
            name: row.name,
            shared: row.shared,
            query: row.query,
            version: row.version,
        }
    }
}

/// A person's own, and those of all.
pub(super) async fn list(tx: &mut StaffTx, user: UserId) -> Result<Vec<View>, Error> {
    let rows = sqlx::query_as!(
        Row,
        r#"select v.id as "id: SavedViewId", v.owner_id as "owner: UserId", u.name as owner_name, v.name, v.shared, v.query, v.version
           from ticket_view v join user_account u on u.id = v.owner_id
           where v.shared or v.owner_id = $1 order by v.shared, lower(v.name), v.id limit 200"#,
        user.0
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(View::from)
        .collect())
}

/// One, locked until the transaction ends.
pub(super) async fn lock(tx: &mut StaffTx, id: SavedViewId) -> Result<View, Error> {
    let row = sqlx::query_as!(
        Row,
        r#"select v.id as "id: SavedViewId", v.owner_id as "owner: UserId", u.name as owner_name, v.name, v.shared, v.query, v.version
           from ticket_view v join user_account u on u.id = v.owner_id where v.id = $1 for update of v"#,
        id.0
    );
    Ok(row.fetch_one(tx.conn()).await?.into())
}

fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "ticket_view_name") {
        Error::invalid("name", "You have a view of this name. Use another one.")
    } else {
        error.into()
    }
}

/// Adds one.
pub(super) async fn insert(
    tx: &mut StaffTx,
    id: SavedViewId,
    owner: UserId,
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_view (id, owner_id, name, shared, query, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $6)",
        id.0,
        owner.0,
        wish.name,
        wish.shared,
        wish.query,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Writes what it is to be.
pub(super) async fn save(
    tx: &mut StaffTx,
    id: SavedViewId,
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update ticket_view set name = $2, shared = $3, query = $4, version = version + 1, updated_at = $5 where id = $1",
        id.0,
        wish.name,
        wish.shared,
        wish.query,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Removes it.
pub(super) async fn delete(tx: &mut StaffTx, id: SavedViewId) -> Result<(), Error> {
    sqlx::query!("delete from ticket_view where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
