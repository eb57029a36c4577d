//! The rows of canned replies.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, StaffTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::CannedReplyId;

use super::model::{Canned, Wish};

struct Row {
    id: Uuid,
    name: String,
    body: String,
    version: i64,
}

impl From<Row> for Canned {
    fn from(row: Row) -> Self {
        Self {
            id: CannedReplyId(row.id),
            name: row.name,
            body: row.body,
            version: row.version,
        }
    }
}

fn taken(error: sqlx::Error) -> Error {
    if violates(&error, "canned_reply_name_key") {
        Error::invalid("name", "Another canned reply has this name.")
    } else {
        error.into()
    }
}

/// All, by name.
pub(super) async fn list(tx: &mut StaffTx) -> Result<Vec<Canned>, Error> {
    let rows = sqlx::query_as!(
        Row,
        "select id, name, body, version from canned_reply order by lower(name), id"
    );
    Ok(rows
        .fetch_all(tx.conn())
        .await?
        .into_iter()
        .map(Canned::from)
        .collect())
}

/// What there is to choose from, by name.
pub async fn names(tx: &mut impl Scoped) -> Result<Vec<(CannedReplyId, String)>, Error> {
    let rows = sqlx::query!("select id, name from canned_reply order by lower(name), id");
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (CannedReplyId(row.id), row.name)).collect())
}

/// One.
pub(super) async fn find(tx: &mut StaffTx, id: CannedReplyId) -> Result<Canned, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, body, version from canned_reply where id = $1",
        id.0
    );
    Ok(row.fetch_one(tx.conn()).await?.into())
}

/// One, locked until the transaction ends.
pub(super) async fn lock(tx: &mut StaffTx, id: CannedReplyId) -> Result<Canned, Error> {
    let row = sqlx::query_as!(
        Row,
        "select id, name, body, version from canned_reply where id = $1 for update",
        id.0
    );
    Ok(row.fetch_one(tx.conn()).await?.into())
}

/// Adds one.
pub(super) async fn insert(
    tx: &mut StaffTx,
    id: CannedReplyId,
    wish: &Wish,
    by: &str,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into canned_reply (id, name, body, created_by, created_at, updated_at) values ($1, $2, $3, $4, $5, $5)",
        id.0,
        wish.name,
        wish.body,
        by,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Changes one.
pub(super) async fn save(
    tx: &mut StaffTx,
    id: CannedReplyId,
    wish: &Wish,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update canned_reply set name = $2, body = $3, version = version + 1, updated_at = $4 where id = $1",
        id.0,
        wish.name,
        wish.body,
        now
    )
    .execute(tx.conn())
    .await
    .map_err(taken)?;
    Ok(())
}

/// Takes one away.
pub(super) async fn delete(tx: &mut StaffTx, id: CannedReplyId) -> Result<(), Error> {
    sqlx::query!("delete from canned_reply where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
