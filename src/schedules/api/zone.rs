//! The time zone that a tenant's schedules are read in.

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Json, Path};
use crate::tenants;

use super::super::actions;
use super::super::model::Zone;
use super::super::store;

/// A time zone to be set.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TimeZoneIn {
    /// Its name in the IANA database.
    #[schema(example = "Europe/Berlin")]
    time_zone: String,
}

/// A tenant's time zone.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimeZoneOut {
    /// Its name in the IANA database; `UTC` until somebody sets another.
    #[schema(example = "Europe/Berlin")]
    time_zone: &'static str,
}

impl From<Zone> for TimeZoneOut {
    fn from(zone: Zone) -> Self {
        Self {
            time_zone: zone.name(),
        }
    }
}

/// Show your tenant's time zone
#[utoipa::path(get, path = "/api/v1/tenant/time-zone", tag = "tenant",
    responses((status = 200, description = "The time zone", body = TimeZoneOut)))]
pub async fn show(scope: TenantScope) -> Result<Json<TimeZoneOut>, Error> {
    let zone = store::zone(&mut scope.begin().await?, scope.tenant()).await?;
    Ok(Json(zone.into()))
}

/// Set your tenant's time zone
///
/// Schedules are read in it, so this moves when they run next.
#[utoipa::path(put, path = "/api/v1/tenant/time-zone", tag = "tenant", request_body = TimeZoneIn,
    responses((status = 200, description = "The time zone", body = TimeZoneOut)))]
pub async fn set(
    State(app): State<App>,
    scope: TenantScope,
    Json(new): Json<TimeZoneIn>,
) -> Result<Json<TimeZoneOut>, Error> {
    let zone = actions::set_zone(&app, &scope, &new.time_zone).await?;
    Ok(Json(zone.into()))
}

/// Show a tenant's time zone
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/time-zone", tag = "staff",
    params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "The time zone", body = TimeZoneOut)))]
pub async fn staff_show(scope: StaffScope, Path(id): Path<TenantId>) -> Result<Json<TimeZoneOut>, Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, id).await?;
    Ok(Json(store::zone(&mut tx, id).await?.into()))
}

/// Set a tenant's time zone
///
/// Its schedules are read in it, so this moves when they run next.
#[utoipa::path(put, path = "/api/v1/staff/tenants/{tenant}/time-zone", tag = "staff",
    params(("tenant" = TenantId, Path)), request_body = TimeZoneIn,
    responses((status = 200, description = "The time zone", body = TimeZoneOut)))]
pub async fn staff_set(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
    Json(new): Json<TimeZoneIn>,
) -> Result<Json<TimeZoneOut>, Error> {
    let zone = actions::set_zone_as_staff(&app, &scope, id, &new.time_zone).await?;
    Ok(Json(zone.into()))
}
