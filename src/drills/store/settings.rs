//! When drills are, and who wants none.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use super::super::model::Setting;
use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

/// The setting with its version.
#[derive(Debug, Clone, Copy)]
pub struct KeptSetting {
    /// What it is.
    pub setting: Setting,
    /// Grows with each change.
    pub version: i64,
}

/// When drills are.
pub async fn setting(tx: &mut impl Scoped) -> Result<KeptSetting, Error> {
    let row = sqlx::query!("select is_on, hour, zone, version from drill_setting");
    let row = row.fetch_one(tx.conn()).await?;
    Ok(KeptSetting {
        setting: Setting {
            is_on: row.is_on,
            hour: u32::try_from(row.hour).unwrap_or_default(),
            // A zone that a later version of the database no longer has.
            zone: row.zone.parse().unwrap_or(Tz::UTC),
        },
        version: row.version,
    })
}

/// Writes when drills are.
pub async fn save_setting(tx: &mut StaffTx, setting: Setting, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update drill_setting set is_on = $1, hour = $2, zone = $3, version = version + 1, updated_at = $4",
        setting.is_on,
        i32::try_from(setting.hour).unwrap_or_default(),
        setting.zone.name(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Whether a tenant wants none.
pub async fn is_without(tx: &mut impl Scoped, tenant: TenantId) -> Result<bool, Error> {
    let found = sqlx::query_scalar!(
        r#"select exists (select from tenant_without_drills where tenant_id = $1) as "found!""#,
        tenant.0
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

/// Writes whether a tenant wants none.
pub async fn set_without(
    tx: &mut impl Scoped,
    tenant: TenantId,
    (is_without, now): (bool, DateTime<Utc>),
) -> Result<(), Error> {
    if is_without {
        sqlx::query!(
            "insert into tenant_without_drills (tenant_id, at) values ($1, $2) on conflict do nothing",
            tenant.0,
            now
        )
        .execute(tx.conn())
        .await?;
    } else {
        sqlx::query!("delete from tenant_without_drills where tenant_id = $1", tenant.0)
            .execute(tx.conn())
            .await?;
    }
    Ok(())
}
