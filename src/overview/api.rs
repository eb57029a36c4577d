//! The same counts for programs.

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::backups;
use crate::config::NetworkGuard;
use crate::mail::{self, limits::Totals};
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::Json;
use crate::tickets::{TicketCounts, counts};

use super::store::{self, Servers, Tenants};

/// What there is in a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct OverviewOut {
    /// Its servers.
    servers: Servers,
    /// Servers whose last backup failed, or whose schedule made none.
    backup_alerts: i64,
    /// Repositories of backups that no check passes of.
    backup_check_alerts: i64,
    /// Its mail.
    mail: Totals,
}

/// What there is in all.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffOverviewOut {
    /// Tenants by status.
    tenants: Tenants,
    /// All servers.
    servers: Servers,
    /// Open tickets.
    tickets: TicketCounts,
    /// Servers whose last backup failed, or whose schedule made none.
    backup_alerts: i64,
    /// Repositories of backups that no check passes of.
    backup_check_alerts: i64,
    /// Whether a container engine does not answer.
    engine_away: bool,
    /// What keeps servers from the provider's machine and from each other.
    network_guard: NetworkGuard,
}

/// Count what there is
#[utoipa::path(get, path = "/api/v1/overview", tag = "overview",
    responses((status = 200, description = "The counts", body = OverviewOut)))]
pub async fn tenant(scope: TenantScope) -> Result<Json<OverviewOut>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Json(OverviewOut {
        servers: store::servers(&mut tx, Some(scope.tenant())).await?,
        backup_alerts: backups::count_alerts(&mut tx, Some(scope.tenant())).await?,
        backup_check_alerts: backups::count_failed_checks(&mut tx, Some(scope.tenant())).await?,
        mail: mail::limits::totals(&mut tx, scope.tenant()).await?,
    }))
}

/// Count what there is in all
#[utoipa::path(get, path = "/api/v1/staff/overview", tag = "staff",
    responses((status = 200, description = "The counts", body = StaffOverviewOut)))]
pub async fn staff(State(app): State<App>, scope: StaffScope) -> Result<Json<StaffOverviewOut>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Json(StaffOverviewOut {
        tenants: store::tenants(&mut tx).await?,
        servers: store::servers(&mut tx, None).await?,
        tickets: counts(&mut tx, None, app.now()).await?,
        backup_alerts: backups::count_alerts(&mut tx, None).await?,
        backup_check_alerts: backups::count_failed_checks(&mut tx, None).await?,
        engine_away: store::engine_away(&mut tx).await?,
        network_guard: app.config.network_guard,
    }))
}
