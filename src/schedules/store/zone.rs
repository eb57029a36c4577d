//! The queries of tenants' time zones. Who has none has UTC.

use chrono::{DateTime, Utc};

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::super::model::Zone;

/// A tenant's time zone.
pub(in super::super) async fn zone(tx: &mut impl Scoped, tenant: TenantId) -> Result<Zone, Error> {
    let found = sqlx::query_scalar!("select zone from tenant_time_zone where tenant_id = $1", tenant.0)
        .fetch_optional(tx.conn())
        .await?;
    // A zone that a later version of the database no longer has: UTC is what the page shows then.
    Ok(found.and_then(|name| Zone::parse(&name).ok()).unwrap_or_default())
}

/// Writes a tenant's time zone.
pub(in super::super) async fn save_zone(
    tx: &mut impl Scoped,
    tenant: TenantId,
    zone: Zone,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "insert into tenant_time_zone (tenant_id, zone, updated_at) values ($1, $2, $3) \
         on conflict (tenant_id) do update set zone = excluded.zone, updated_at = excluded.updated_at",
        tenant.0,
        zone.name(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
