//! Usage for programs; pages draw their charts from the same answer.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Json, Path, Query};
use crate::servers;

use super::model::{Asked, Point, Span};
use super::store;

/// Which time.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct UsageParams {
    /// Its beginning (RFC 3339); an hour before the end if not given. At most two years ago.
    #[serde(default)]
    pub from: String,
    /// Its end (RFC 3339); now if not given.
    #[serde(default)]
    pub to: String,
    /// How much time a point stands for: `10s`, `30s` or `1m` (kept for a day), `5m`, `10m` or `30m` (31 days), `1h`, `2h`,
    /// `6h`, `12h`, `1d` or `2d` (two years). If not given, the finest that is kept and makes at most 600 points.
    #[serde(default)]
    pub resolution: String,
}

impl UsageParams {
    pub(super) fn span(&self, now: DateTime<Utc>) -> Result<Span, Error> {
        let asked = Asked {
            from: &self.from,
            to: &self.to,
            resolution: &self.resolution,
        };
        Span::parse(&asked, now).map_err(Error::Invalid)
    }
}

/// What a server's volumes held when they were last measured.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct DiskOut {
    /// Bytes.
    pub bytes: i64,
    /// When that was; it is measured every half hour.
    pub at: DateTime<Utc>,
}

/// What a server used.
#[derive(Debug, Serialize, ToSchema)]
pub struct UsageOut {
    /// The beginning of the first step.
    pub from: DateTime<Utc>,
    /// The end.
    pub to: DateTime<Utc>,
    /// How much time a point stands for.
    #[schema(example = "10s")]
    pub resolution: &'static str,
    /// The same in seconds.
    pub step_seconds: i64,
    /// The processors that the server may use.
    pub cpu_limit: f64,
    /// The bytes of memory that it may use.
    pub memory_limit: i64,
    /// What its volumes hold; null if that was not measured yet, or can't be.
    pub disk: Option<DiskOut>,
    /// The steps with a measurement, the oldest first. A step that is absent was not measured.
    pub points: Vec<Point>,
}

pub(super) async fn usage(tx: &mut impl Scoped, id: ServerId, span: &Span) -> Result<UsageOut, Error> {
    let server = servers::find(tx, id).await?;
    let disk = store::disk(tx, id).await?;
    Ok(UsageOut {
        from: span.from,
        to: span.to,
        resolution: span.step.word(),
        step_seconds: span.step.length().num_seconds(),
        cpu_limit: server.resources.cpus(),
        memory_limit: server.resources.memory_mib * 1024 * 1024,
        disk: disk.map(|(bytes, at)| DiskOut { bytes, at }),
        points: store::points(tx, id, span).await?,
    })
}

/// Show what a server used
///
/// Measured every ten seconds while it runs. Averages and maxima of the steps of the time that is asked for.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/usage", tag = "servers",
    params(("server_id" = ServerId, Path), UsageParams),
    responses((status = 200, description = "The measurements", body = UsageOut)))]
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(params): Query<UsageParams>,
) -> Result<Json<UsageOut>, Error> {
    let span = params.span(app.now())?;
    usage(&mut scope.begin().await?, id, &span).await.map(Json)
}

/// Show what any server used
#[utoipa::path(get, path = "/api/v1/staff/servers/{server_id}/usage", tag = "staff",
    params(("server_id" = ServerId, Path), UsageParams),
    responses((status = 200, description = "The measurements", body = UsageOut)))]
pub async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Query(params): Query<UsageParams>,
) -> Result<Json<UsageOut>, Error> {
    let span = params.span(app.now())?;
    usage(&mut scope.begin().await?, id, &span).await.map(Json)
}
