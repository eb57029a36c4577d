//! What was found in the past: counted by the hour, and each change of state.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::CheckId;

use super::super::model::{CheckState, Hour, Turn};

/// A check's hours from `from` on, in their order; not the one that is being counted.
pub async fn hours(tx: &mut impl Scoped, id: CheckId, from: DateTime<Utc>) -> Result<Vec<Hour>, Error> {
    let rows = sqlx::query_as!(
        Hour,
        "select at, good, bad, took_ms from check_hour where check_id = $1 and at >= $2 order by at",
        id.0,
        from
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// A check's last changes, the newest first.
pub async fn turns(tx: &mut impl Scoped, id: CheckId, limit: i64) -> Result<Vec<Turn>, Error> {
    let rows = sqlx::query!(
        "select at, state, message from check_change where check_id = $1 order by at desc, id desc limit $2",
        id.0,
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Turn {
            at: row.at,
            state: CheckState::read(&row.state),
            message: row.message,
        })
        .collect())
}

/// Forgets hours and changes from before these times. Says how many.
pub async fn forget(tx: &mut SystemTx, hours: DateTime<Utc>, turns: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!("delete from check_hour where at < $1", hours);
    let forgotten = done.execute(tx.conn()).await?.rows_affected();
    let done = sqlx::query!("delete from check_change where at < $1", turns);
    Ok(forgotten + done.execute(tx.conn()).await?.rows_affected())
}
