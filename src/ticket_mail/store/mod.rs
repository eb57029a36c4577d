//! The queries of mail of tickets.

mod inbound;
mod outbound;
mod people;

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;

pub use inbound::{
    became, discard, enter, failed, forget_in, last_mail, list, of_sender, of_strangers, triage, unseen,
    waiting,
};
pub use outbound::{
    Insert, begin_late, find, forget_out, insert, list_out, mailed_since, newest_posts, renew, tried,
};
pub use people::{Reader, customers, homes, of_ids, owners, slug, standing, watching_staff};

/// The sealed secret that signs addresses, if it was made.
pub async fn key(tx: &mut SystemTx) -> Result<Option<Vec<u8>>, Error> {
    let sealed = sqlx::query_scalar!("select sealed from ticket_mail_key");
    Ok(sealed.fetch_optional(tx.conn()).await?)
}

/// Keeps one, unless another was kept meanwhile. Says which it is.
pub async fn keep_key(tx: &mut SystemTx, sealed: &[u8]) -> Result<Vec<u8>, Error> {
    let kept = sqlx::query_scalar!(
        "insert into ticket_mail_key (sealed) values ($1) on conflict (is_only) do update set sealed = ticket_mail_key.sealed \
         returning sealed",
        sealed
    );
    Ok(kept.fetch_one(tx.conn()).await?)
}

/// Puts it there as it is sealed anew.
pub async fn save_key(tx: &mut SystemTx, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!("update ticket_mail_key set sealed = $1", sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// Writes how the last look into the inbox went.
pub async fn looked(tx: &mut SystemTx, now: DateTime<Utc>, error: Option<&str>) -> Result<(), Error> {
    sqlx::query!(
        "insert into ticket_inbox (looked_at, error) values ($1, $2) \
         on conflict (is_only) do update set looked_at = excluded.looked_at, error = excluded.error",
        now,
        error
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// When it was looked into last, and what went wrong.
pub async fn last_look(tx: &mut impl Scoped) -> Result<Option<(DateTime<Utc>, Option<String>)>, Error> {
    let row = sqlx::query!("select looked_at, error from ticket_inbox");
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (row.looked_at, row.error)))
}
