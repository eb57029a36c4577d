//! Drills for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope, TenantScope};
use crate::platform::db::StaffTx;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{BackupId, DrillId, ServerId, TenantId};
use crate::platform::web::{
    Cursor, IfMatch, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query, Routes, Tagged, operation,
};
use crate::servers;
use crate::tenants;

use super::actions;
use super::model::{Drill, Proof, Setting, State as How};
use super::pages::SHOWN;
use super::store::{self, StaffRow};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (read, write) = (Rule::Tenant(P::BackupRead), Rule::Tenant(P::BackupWrite));
    let (staff_read, staff_write) = (Rule::Staff(P::StaffBackupRead), Rule::Staff(P::StaffBackupManage));
    Routes::new()
        .api(read, operation!(show))
        .api(write, operation!(ask))
        .api(read, operation!(wanted))
        .api(Rule::Tenant(P::TenantManage), operation!(set_wanted))
        .api(staff_read, operation!(staff_show))
        .api(staff_write, operation!(staff_ask))
        .api(staff_read, operation!(staff_wanted))
        .api(staff_write, operation!(staff_set_wanted))
        .api(staff_read, operation!(list))
        .api(staff_read, operation!(schedule))
        .api(staff_write, operation!(set_schedule))
}

/// A drill.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Drill)]
struct DrillOut {
    /// Its id.
    id: DrillId,
    /// The backup that it restores; null if that is gone.
    backup_id: Option<BackupId>,
    /// From when that is.
    backup_at: DateTime<Utc>,
    /// How it is.
    state: How,
    /// What is being done.
    step: Option<String>,
    /// Why it failed.
    error: Option<String>,
    /// What was restored.
    bytes: i64,
    /// Who asked for it; null for the night's.
    asked_by: Option<String>,
    /// When.
    created_at: DateTime<Utc>,
    /// When it ended.
    ended_at: Option<DateTime<Utc>>,
}

impl From<Drill> for DrillOut {
    fn from(one: Drill) -> Self {
        Self {
            id: one.id,
            backup_id: one.backup,
            backup_at: one.backup_at,
            state: one.state,
            step: one.step,
            error: one.error,
            bytes: one.bytes,
            asked_by: one.asked_by,
            created_at: one.created_at,
            ended_at: one.ended_at,
        }
    }
}

/// What is known of a server's backups.
#[derive(Debug, Serialize, ToSchema)]
struct ProofOut {
    /// When one was proven last: restored, started, and found to work.
    proven_at: Option<DateTime<Utc>>,
    /// From when that backup was.
    proven_backup_at: Option<DateTime<Utc>>,
    /// Since when none can be restored: the alert.
    failed_since: Option<DateTime<Utc>>,
    /// Why.
    reason: Option<String>,
    /// The newest drills.
    drills: Vec<DrillOut>,
}

fn told(proof: Option<Proof>, drills: Vec<Drill>) -> Json<ProofOut> {
    let drills = drills.into_iter().map(DrillOut::from).collect();
    let (proven_at, proven_backup_at, failed_since, reason) = proof
        .map(|proof| {
            (
                proof.proven_at,
                proof.proven_backup_at,
                proof.failed_since,
                proof.reason,
            )
        })
        .unwrap_or_default();
    Json(ProofOut {
        proven_at,
        proven_backup_at,
        failed_since,
        reason,
        drills,
    })
}

fn accepted(drill: Drill) -> Response {
    (StatusCode::ACCEPTED, Json(DrillOut::from(drill))).into_response()
}

/// Show whether a server's backups can be restored
///
/// When one was proven last, and the newest thirty drills.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/backups/drills", tag = "backups",
    params(("server_id" = ServerId, Path)), responses((status = 200, description = "The proof", body = ProofOut)))]
async fn show(scope: TenantScope, Path(id): Path<ServerId>) -> Result<Json<ProofOut>, Error> {
    let mut tx = scope.begin().await?;
    servers::find(&mut tx, id).await?;
    let proof = store::proof(&mut tx, id).await?;
    Ok(told(proof, store::list(&mut tx, id, SHOWN).await?))
}

/// Prove a server's newest backup
///
/// It is restored into a throw-away server, which is started, watched and removed. Read the proof until the drill has ended.
#[utoipa::path(post, path = "/api/v1/servers/{server_id}/backups/drills", tag = "backups",
    params(("server_id" = ServerId, Path)), responses((status = 202, description = "The drill", body = DrillOut)))]
async fn ask(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    Ok(accepted(actions::ask(&app, &scope, id).await?))
}

/// Whether a tenant has drills.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Nightly {
    /// Whether a backup is proven every night.
    nightly: bool,
}

/// Show whether your tenant has nightly drills
#[utoipa::path(get, path = "/api/v1/tenant/drills", tag = "tenant",
    responses((status = 200, description = "Whether it has", body = Nightly)))]
async fn wanted(scope: TenantScope) -> Result<Json<Nightly>, Error> {
    let is_without = store::is_without(&mut scope.begin().await?, scope.tenant()).await?;
    Ok(Json(Nightly { nightly: !is_without }))
}

/// Say whether your tenant has nightly drills
#[utoipa::path(post, path = "/api/v1/tenant/drills", tag = "tenant", request_body = Nightly,
    responses((status = 200, description = "Whether it has", body = Nightly)))]
async fn set_wanted(
    State(app): State<App>,
    scope: TenantScope,
    Json(body): Json<Nightly>,
) -> Result<Json<Nightly>, Error> {
    actions::set_wanted(&app, &scope, body.nightly).await?;
    Ok(Json(body))
}

/// Show whether any server's backups can be restored
#[utoipa::path(get, path = "/api/v1/staff/servers/{server_id}/drills", tag = "staff",
    params(("server_id" = ServerId, Path)), responses((status = 200, description = "The proof", body = ProofOut)))]
async fn staff_show(scope: StaffScope, Path(id): Path<ServerId>) -> Result<Json<ProofOut>, Error> {
    let mut tx = scope.begin().await?;
    servers::find(&mut tx, id).await?;
    let proof = store::proof(&mut tx, id).await?;
    Ok(told(proof, store::list(&mut tx, id, SHOWN).await?))
}

/// Prove any server's newest backup
#[utoipa::path(post, path = "/api/v1/staff/servers/{server_id}/drills", tag = "staff",
    params(("server_id" = ServerId, Path)), responses((status = 202, description = "The drill", body = DrillOut)))]
async fn staff_ask(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
) -> Result<Response, Error> {
    Ok(accepted(actions::ask_as_staff(&app, &scope, id).await?))
}

/// Show whether a tenant has nightly drills
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/drills", tag = "staff tenants",
    params(("tenant" = TenantId, Path)), responses((status = 200, description = "Whether it has", body = Nightly)))]
async fn staff_wanted(scope: StaffScope, Path(id): Path<TenantId>) -> Result<Json<Nightly>, Error> {
    let mut tx = scope.begin().await?;
    tenants::find_tenant(&mut tx, id).await?;
    let is_without = store::is_without(&mut tx, id).await?;
    Ok(Json(Nightly { nightly: !is_without }))
}

/// Say whether a tenant has nightly drills
#[utoipa::path(post, path = "/api/v1/staff/tenants/{tenant}/drills", tag = "staff tenants",
    params(("tenant" = TenantId, Path)), request_body = Nightly,
    responses((status = 200, description = "Whether it has", body = Nightly)))]
async fn staff_set_wanted(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
    Json(body): Json<Nightly>,
) -> Result<Json<Nightly>, Error> {
    actions::set_wanted_of(&app, &scope, id, body.nightly).await?;
    Ok(Json(body))
}

/// A tenant and its proof.
#[derive(Debug, Serialize, ToSchema)]
struct TenantProofOut {
    /// The tenant.
    tenant_id: TenantId,
    /// Its name.
    name: String,
    /// Servers with whole backups.
    servers: i64,
    /// When a backup was proven last.
    proven_at: Option<DateTime<Utc>>,
    /// Servers whose last drill failed.
    alerts: i64,
    /// Whether a backup is proven every night.
    nightly: bool,
}

/// A page of the tenants with backups.
pub(super) async fn listed(tx: &mut StaffTx, query: &ListQuery) -> Result<Listing<StaffRow>, Error> {
    let after: Option<(DateTime<Utc>, Uuid)> = Cursor::decode(query.after.as_deref())?;
    let rows = store::oldest(tx, after, query.fetch()?).await?;
    Listing::new(rows, query, |row| {
        (row.proven_at.unwrap_or(DateTime::UNIX_EPOCH), row.tenant.0)
    })
}

/// List tenants by their last proven restore
///
/// Those with backups, the oldest proof first.
#[utoipa::path(get, path = "/api/v1/staff/drills", tag = "staff tenants", params(PageQuery),
    responses((status = 200, description = "A page of the tenants", body = ListOut<TenantProofOut>)))]
async fn list(scope: StaffScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = listed(&mut scope.begin().await?, &query).await?;
    let out = listing.map(|row| TenantProofOut {
        tenant_id: row.tenant,
        name: row.name,
        servers: row.servers,
        proven_at: row.proven_at,
        alerts: row.alerts,
        nightly: !row.is_without,
    });
    Ok(out.json(&query))
}

/// When drills are.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DrillSchedule {
    /// Whether there are any.
    is_on: bool,
    /// From which hour on.
    #[schema(minimum = 0, maximum = 23)]
    hour: u32,
    /// Of which time zone.
    #[schema(max_length = 64, example = "Europe/Berlin")]
    zone: String,
}

/// A setting from what somebody says.
pub(super) fn parsed(is_on: bool, hour: Option<u32>, zone: &str) -> Result<Setting, Error> {
    let mut errors = FieldErrors::default();
    let hour = hour.filter(|hour| *hour < 24);
    if hour.is_none() {
        errors.add("hour", "Use an hour from 0 to 23.");
    }
    let parsed = zone.trim().parse().ok();
    if parsed.is_none() {
        errors.add("zone", "Use a time zone such as Europe/Berlin, or UTC.");
    }
    errors.into_result()?;
    Ok(Setting {
        is_on,
        hour: hour.unwrap_or_default(),
        zone: parsed.unwrap_or(chrono_tz::Tz::UTC),
    })
}

fn scheduled(kept: store::KeptSetting) -> Tagged<Json<DrillSchedule>> {
    let Setting { is_on, hour, zone } = kept.setting;
    let body = DrillSchedule {
        is_on,
        hour,
        zone: zone.name().to_owned(),
    };
    Tagged(kept.version, Json(body))
}

/// Show when drills are
#[utoipa::path(get, path = "/api/v1/staff/drills/schedule", tag = "staff",
    responses((status = 200, description = "When", body = DrillSchedule)))]
async fn schedule(scope: StaffScope) -> Result<Tagged<Json<DrillSchedule>>, Error> {
    Ok(scheduled(store::setting(&mut scope.begin().await?).await?))
}

/// Say when drills are
#[utoipa::path(post, path = "/api/v1/staff/drills/schedule", tag = "staff", request_body = DrillSchedule,
    responses((status = 200, description = "When", body = DrillSchedule)))]
async fn set_schedule(
    State(app): State<App>,
    scope: StaffScope,
    if_match: IfMatch,
    Json(body): Json<DrillSchedule>,
) -> Result<Tagged<Json<DrillSchedule>>, Error> {
    let new = parsed(body.is_on, Some(body.hour), &body.zone)?;
    let kept = actions::set(&app, &scope, new, |version| if_match.check(version)).await?;
    Ok(scheduled(kept))
}
