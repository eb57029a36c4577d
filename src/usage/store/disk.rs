//! What servers' volumes hold.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

/// Writes what volumes hold. Servers that are gone are passed over.
pub async fn save_disk(
    tx: &mut SystemTx,
    sizes: &[(ServerId, i64)],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let servers: Vec<Uuid> = sizes.iter().map(|(server, _)| server.0).collect();
    let bytes: Vec<i64> = sizes.iter().map(|(_, bytes)| *bytes).collect();
    let done = sqlx::query!(
        "insert into usage_disk (server_id, tenant_id, bytes, at) \
         select s.id, s.tenant_id, m.bytes, $3 from unnest($1::uuid[], $2::bigint[]) as m (id, bytes) \
         join server s on s.id = m.id \
         on conflict (server_id) do update set bytes = excluded.bytes, at = excluded.at",
        &servers,
        &bytes,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// What a server's volumes held, and when. Nothing if that was not measured yet.
pub async fn disk(tx: &mut impl Scoped, server: ServerId) -> Result<Option<(i64, DateTime<Utc>)>, Error> {
    let row = sqlx::query!("select bytes, at from usage_disk where server_id = $1", server.0);
    Ok(row
        .fetch_optional(tx.conn())
        .await?
        .map(|row| (row.bytes, row.at)))
}
