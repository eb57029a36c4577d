//! Secrets that are sealed with an older key than the newest.

use uuid::Uuid;

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

/// A sealed variable of a server.
#[derive(Debug)]
pub struct SealedVariable {
    /// Whose it is.
    pub server_id: Uuid,
    /// Which one.
    pub key: String,
    /// What is kept.
    pub sealed: Vec<u8>,
}

/// How many secrets do not begin with `newest`, the newest key's id.
pub async fn count_outdated(tx: &mut SystemTx, newest: &[u8]) -> Result<i64, Error> {
    let count = sqlx::query_scalar!(
        r#"select count(*) as "count!" from server_variable
           where sealed is not null and substring(sealed from 1 for length($1::bytea)) <> $1::bytea"#,
        newest
    );
    Ok(count.fetch_one(tx.conn()).await?)
}

/// The next secrets after `after` that do not begin with `newest`, kept as they are until the transaction ends.
pub async fn outdated(
    tx: &mut SystemTx,
    newest: &[u8],
    after: (ServerId, &str),
    limit: i64,
) -> Result<Vec<SealedVariable>, Error> {
    let rows = sqlx::query_as!(
        SealedVariable,
        r#"select server_id, key, sealed as "sealed!" from server_variable
           where sealed is not null and substring(sealed from 1 for length($1::bytea)) <> $1::bytea and (server_id, key) > ($2, $3)
           order by server_id, key limit $4 for update"#,
        newest,
        after.0.0,
        after.1,
        limit
    );
    Ok(rows.fetch_all(tx.conn()).await?)
}

/// Keeps a secret as it is sealed now.
pub async fn reseal(tx: &mut SystemTx, server: ServerId, key: &str, sealed: &[u8]) -> Result<(), Error> {
    sqlx::query!(
        "update server_variable set sealed = $3 where server_id = $1 and key = $2",
        server.0,
        key,
        sealed
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
