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
/// keys of what it has. Those that are being removed are passed over.
pub async fn note_presence(
    tx: &mut SystemTx,
    location: LocationId,
    there: &BTreeSet<&str>,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let known = sqlx::query!(
        r#"select id, missing_since is not null as "is_missing!" from volume
           where location_id = $1 and made_mib is not null and deleting_at is null"#,
        location.0
    );
    let known = known.fetch_all(tx.conn()).await?.into_iter();
    let differs = |id: VolumeId, is_missing: bool| there.contains(id.to_string().as_str()) == is_missing;
    let changed: Vec<_> = known
        .filter(|row| differs(VolumeId(row.id), row.is_missing))
        .map(|row| row.id)
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let told = sqlx::query!(
        "update volume set missing_since = case when missing_since is null then $2::timestamptz end where id = any($1) \
         returning id, tenant_id",
        &changed,
        now
    );
    for row in told.fetch_all(tx.conn()).await? {
        events::emit(tx, Some(TenantId(row.tenant_id)), TOPIC, Some(row.id)).await?;
    }
    Ok(())
}
