//! Failed sign-ins per account and address. Rows are locked in the order account, address: no two attempts can deadlock.

use chrono::{DateTime, Utc};

use crate::accounts::model::Attempts;
use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;

/// What is known of `key`, locked until the transaction ends, so that attempts at once are counted one after another.
pub(crate) async fn lock_attempts(
    tx: &mut SystemTx,
    key: &str,
    now: DateTime<Utc>,
) -> Result<Attempts, Error> {
    let row = sqlx::query_as!(
        Attempts,
        "insert into sign_in_throttle (key, failures, last_failure_at, locked_until) values ($1, 0, $2, $2) \
         on conflict (key) do update set key = excluded.key returning failures, last_failure_at, locked_until",
        key,
        now
    );
    Ok(row.fetch_one(tx.conn()).await?)
}

/// Keeps what is now known of `key`.
pub(crate) async fn save_attempts(tx: &mut SystemTx, key: &str, known: &Attempts) -> Result<(), Error> {
    sqlx::query!(
        "update sign_in_throttle set failures = $2, last_failure_at = $3, locked_until = $4 where key = $1",
        key,
        known.failures,
        known.last_failure_at,
        known.locked_until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Forgets the failures of `key`.
pub(crate) async fn clear_attempts(tx: &mut SystemTx, key: &str) -> Result<(), Error> {
    sqlx::query!("delete from sign_in_throttle where key = $1", key)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Forgets what no longer counts.
pub(crate) async fn purge_attempts(tx: &mut SystemTx, before: DateTime<Utc>) -> Result<u64, Error> {
    let done = sqlx::query!(
        "delete from sign_in_throttle where last_failure_at < $1 and locked_until < $1",
        before
    );
    Ok(done.execute(tx.conn()).await?.rows_affected())
}
