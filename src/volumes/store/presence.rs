//! What the engine has, against what was made.

use std::collections::{BTreeSet, HashSet};

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{LocationId, TenantId, VolumeId};

use super::super::TOPIC;

/// The keys on the engine of all volumes that have a row.
pub async fn all_keys(tx: &mut SystemTx) -> Result<HashSet<String>, Error> {
    let ids = sqlx::query_scalar!("select id from volume");
    let ids = ids.fetch_all(tx.conn()).await?.into_iter();
    Ok(ids.map(|id| VolumeId(id).to_string()).collect())
}

/// Notes which of a location's volumes the engine does not have although they were made, and which it has again; `there` are the
/// keys of what it has. Those that are being removed are passed over, and so are those in the pool unless `is_pool_there`. Gives
/// those that are back.
pub async fn note_presence(
    tx: &mut SystemTx,
    location: LocationId,
    (there, is_pool_there): (&BTreeSet<&str>, bool),
    now: DateTime<Utc>,
) -> Result<Vec<VolumeId>, Error> {
    let known = sqlx::query!(
        r#"select id, missing_since is not null as "is_missing!" from volume
           where location_id = $1 and made_mib is not null and deleting_at is null and ($2 or not is_pooled)"#,
        location.0,
        is_pool_there
    );
    let known = known.fetch_all(tx.conn()).await?.into_iter();
    let differs = |id: VolumeId, is_missing: bool| there.contains(id.to_string().as_str()) == is_missing;
    let changed: Vec<_> = known
        .filter(|row| differs(VolumeId(row.id), row.is_missing))
        .map(|row| row.id)
        .collect();
    if changed.is_empty() {
        return Ok(Vec::new());
    }
    // One that is back goes on with what was wished for meanwhile.
    let told = sqlx::query!(
        r#"update volume set missing_since = case when missing_since is null then $2::timestamptz end,
             next_attempt_at = case when missing_since is null then next_attempt_at else $2 end where id = any($1)
           returning id, tenant_id, missing_since is not null as "is_missing!""#,
        &changed,
        now
    );
    let mut back = Vec::new();
    for row in told.fetch_all(tx.conn()).await? {
        events::emit(tx, Some(TenantId(row.tenant_id)), TOPIC, Some(row.id)).await?;
        let volume = VolumeId(row.id);
        if row.is_missing {
            tracing::error!(%volume, tenant = %TenantId(row.tenant_id), "a volume that was made is not on the engine");
        } else {
            back.push(volume);
        }
    }
    Ok(back)
}
