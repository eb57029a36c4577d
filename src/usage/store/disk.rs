//! What servers' volumes hold.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

/// Whether there are servers with volumes of the engine's own.
pub async fn has_soft(tx: &mut SystemTx) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from server s where s.volumes_of is null and not coalesce(
             (select bool_and(v.is_pooled) from server_volume v where v.server_id = s.id), false)) as "found!""#
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Writes what volumes of the pool hold, and what servers do that have no others. Names that no server has are passed over.
pub async fn save_pool(
    tx: &mut SystemTx,
    volumes: &[(String, i64)],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let names: Vec<String> = volumes.iter().map(|(name, _)| name.clone()).collect();
    let bytes: Vec<i64> = volumes.iter().map(|(_, bytes)| *bytes).collect();
    sqlx::query!(
        "update server_volume v set used_bytes = m.bytes, measured_at = $3 \
         from unnest($1::text[], $2::bigint[]) as m (name, bytes) where v.name = m.name and v.is_pooled",
        &names,
        &bytes,
        now
    )
    .execute(tx.conn())
    .await?;
    let done = sqlx::query!(
        "insert into usage_disk (server_id, tenant_id, bytes, at) \
         select s.id, s.tenant_id, sum(v.used_bytes)::bigint, $1 from server_volume v join server s on s.id = v.server_id \
         group by s.id having bool_and(v.is_pooled and v.measured_at = $1) \
         on conflict (server_id) do update set bytes = excluded.bytes, at = excluded.at",
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected())
}

/// Writes what the engine's own volumes hold, beside what the pool was last seen to hold of the same servers. Servers that
/// are gone are passed over.
pub async fn save_disk(
    tx: &mut SystemTx,
    sizes: &[(ServerId, i64)],
    now: DateTime<Utc>,
) -> Result<u64, Error> {
    let servers: Vec<Uuid> = sizes.iter().map(|(server, _)| server.0).collect();
    let bytes: Vec<i64> = sizes.iter().map(|(_, bytes)| *bytes).collect();
    let done = sqlx::query!(
        "insert into usage_disk (server_id, tenant_id, bytes, at) \
         select s.id, s.tenant_id, m.bytes + coalesce((select sum(v.used_bytes) from server_volume v \
           where v.server_id = s.id and v.is_pooled), 0)::bigint, $3 \
         from unnest($1::uuid[], $2::bigint[]) as m (id, bytes) join server s on s.id = m.id \
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
