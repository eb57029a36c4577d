//! Passwords of other servers when the key of secrets at rest changes.

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::MailFetchId;

/// Those that are sealed with an older key, at most `limit`, after `after`.
pub async fn outdated(
    tx: &mut SystemTx,
    newest: &[u8],
    after: Option<MailFetchId>,
    limit: i64,
) -> Result<Vec<(MailFetchId, Vec<u8>)>, Error> {
    let rows = sqlx::query!(
        r#"select id as "id: MailFetchId", sealed as "sealed!" from mail_fetch
           where sealed is not null and substring(sealed from 1 for length($1::bytea)) <> $1::bytea and ($2::uuid is null or id > $2)
           order by id limit $3 for update"#,
        newest,
        after.map(|id| id.0),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (row.id, row.sealed)).collect())
}

/// Puts one in place of what was there.
pub async fn save_sealed(tx: &mut SystemTx, id: MailFetchId, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!("update mail_fetch set sealed = $2 where id = $1", id.0, sealed)
        .execute(tx.conn())
        .await?;
    Ok(())
}
