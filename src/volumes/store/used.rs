//! What volumes hold, as it was measured, and how much of it is told to others.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::TenantId;

use super::super::TOPIC;

/// Whether there are volumes of the engine's own, whose files have to be counted.
pub async fn has_soft(tx: &mut impl Scoped) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from volume where made_mib is not null and not is_pooled) as "found!""#
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Writes what was measured, by names on the engine; the ledger takes it over from here. Names that no volume has are passed
/// over. Says how many volumes there were.
pub async fn measured(tx: &mut SystemTx, used: &[(String, i64)], now: DateTime<Utc>) -> Result<u64, Error> {
    let names: Vec<String> = used.iter().map(|(name, _)| name.clone()).collect();
    let bytes: Vec<i64> = used.iter().map(|(_, bytes)| *bytes).collect();
    let rows = sqlx::query!(
        r#"update volume v set used_bytes = m.bytes, measured_at = $3
           from unnest($1::text[], $2::bigint[]) as m (name, bytes), volume b
           where v.engine_name = m.name and b.id = v.id
           returning v.id, v.tenant_id, b.used_bytes is distinct from m.bytes as "is_new!""#,
        &names,
        &bytes,
        now
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    for row in rows.iter().filter(|row| row.is_new) {
        events::emit(tx, Some(TenantId(row.tenant_id)), TOPIC, Some(row.id)).await?;
    }
    Ok(u64::try_from(rows.len()).unwrap_or(u64::MAX))
}
