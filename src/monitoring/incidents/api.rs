//! Incidents for programs.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{CheckId, IncidentId, LocationId, MaintenanceId, ServerId, TenantId};
use crate::platform::web::{
    Cursor, IfMatch, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query, Routes, Sorted, Tagged,
    operation,
};
use crate::servers;

use super::actions;
use super::model::{IncidentState, Kept, Signature};
use super::store::{self, Inventory};

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(P::CheckRead);
    let (staff, manage) = (Rule::Staff(P::StaffCheckRead), Rule::Staff(P::StaffCheckManage));
    Routes::new()
        .api(read, operation!(list))
        .api(read, operation!(show))
        .api(read, operation!(of_server))
        .api(staff, operation!(staff_list))
        .api(staff, operation!(staff_show))
        .api(manage, operation!(close))
        .api(staff, operation!(places))
        .api(manage, operation!(set_place))
}

/// Which incidents.
#[derive(Debug, Clone, Copy, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct IncidentFilter {
    /// Only open ones, or only those that are over.
    #[param(inline)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) state: Option<IncidentState>,
    /// Only what is a part of this incident.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) part_of: Option<IncidentId>,
}

impl IncidentFilter {
    /// The state's word; empty for all.
    pub(super) fn word(self) -> &'static str {
        self.state.map_or("", IncidentState::word)
    }
}

/// Which incidents, and where the list goes on.
pub(super) type IncidentQuery = Sorted<IncidentFilter>;

/// A page of incidents as it is asked for: of a tenant, or of all.
pub(super) async fn page_of(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    query: &IncidentQuery,
) -> Result<Listing<Kept>, Error> {
    if query.order() != "-created" {
        return Err(Error::invalid("sort", "Use -created, or nothing."));
    }
    let list = &query.list;
    let before = Cursor::decode(list.after.as_deref())?;
    let pattern = list.pattern()?;
    if let Some(whole) = query.filter.part_of {
        store::find(tx, whole).await?;
    }
    let which = (tenant, query.filter.state, query.filter.part_of);
    let rows = store::list(tx, which, pattern.as_deref(), before, list.fetch()?).await?;
    Listing::new(rows, list, |kept| (kept.incident.opened_at, kept.incident.id.0))
}

/// A page of a server's.
pub(super) async fn page_of_server(
    tx: &mut impl Scoped,
    server: ServerId,
    query: &ListQuery,
) -> Result<Listing<Kept>, Error> {
    servers::find(tx, server).await?;
    let before = Cursor::decode(query.after.as_deref())?;
    let rows = store::of_server(tx, server, before, query.fetch()?).await?;
    Listing::new(rows, query, |kept| (kept.incident.opened_at, kept.incident.id.0))
}

/// An incident.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Incident)]
struct IncidentOut {
    /// Its id.
    id: IncidentId,
    /// Whose it is; null for what is the provider's.
    tenant: Option<TenantId>,
    /// The server.
    server: Option<ServerId>,
    /// What the server was called.
    server_name: Option<String>,
    /// The check that found it.
    check: Option<CheckId>,
    /// Where it is.
    location: Option<LocationId>,
    /// How it fails.
    signature: Signature,
    /// In a line.
    summary: String,
    /// What else is known, such as an exit code.
    #[schema(value_type = Object)]
    detail: Value,
    /// Whether it is over.
    state: IncidentState,
    /// Since when it did not work.
    began_at: DateTime<Utc>,
    /// When that was found.
    opened_at: DateTime<Utc>,
    /// When it worked again.
    ended_at: Option<DateTime<Utc>>,
    /// How often it came back.
    flaps: i32,
    /// The larger incident that it is a part of.
    part_of: Option<IncidentId>,
    /// The maintenance in whose course it opened, as long as that lasts.
    maintenance: Option<MaintenanceId>,
    /// Why somebody closed it before it was over.
    close_reason: Option<String>,
}

impl From<Kept> for IncidentOut {
    fn from(kept: Kept) -> Self {
        let one = kept.incident;
        Self {
            id: one.id,
            tenant: one.tenant,
            server: one.server,
            server_name: kept.server_name,
            check: one.check,
            location: one.location,
            signature: one.signature,
            summary: one.summary,
            detail: one.detail,
            state: one.state,
            began_at: one.began_at,
            opened_at: one.opened_at,
            ended_at: one.ended_at,
            flaps: one.flaps,
            part_of: one.parent,
            maintenance: one.maintenance,
            close_reason: kept.close_reason,
        }
    }
}

/// A time in which the cause of an incident did not work.
#[derive(Debug, Serialize, ToSchema)]
struct SpanOut {
    /// From when.
    began_at: DateTime<Utc>,
    /// Until when; null while it lasts.
    ended_at: Option<DateTime<Utc>>,
}

/// An incident with the times in which it failed.
#[derive(Debug, Serialize, ToSchema)]
struct IncidentDetailOut {
    #[serde(flatten)]
    incident: IncidentOut,
    /// When it failed, oldest first: more than one if it came back.
    times: Vec<SpanOut>,
    /// How many incidents are a part of it; the list of incidents shows them by `part_of`.
    parts: i64,
}

async fn detail(tx: &mut impl Scoped, id: IncidentId) -> Result<Json<IncidentDetailOut>, Error> {
    let kept = store::find(tx, id).await?;
    let times = store::spans(tx, id).await?.into_iter();
    Ok(Json(IncidentDetailOut {
        incident: kept.into(),
        parts: store::count_children(tx, id).await?,
        times: times
            .map(|(began_at, ended_at)| SpanOut { began_at, ended_at })
            .collect(),
    }))
}

/// List incidents
///
/// The newest first. `q` is found in the summary and the server's name.
#[utoipa::path(get, path = "/api/v1/incidents", tag = "monitoring", params(IncidentFilter, ListQuery),
    responses((status = 200, description = "A page of the tenant's incidents", body = ListOut<IncidentOut>)))]
async fn list(scope: TenantScope, query: IncidentQuery) -> Result<Response, Error> {
    let listing = page_of(&mut scope.begin().await?, Some(scope.tenant()), &query).await?;
    Ok(listing.map(IncidentOut::from).json(&query))
}

/// Show an incident
#[utoipa::path(get, path = "/api/v1/incidents/{incident}", tag = "monitoring", params(("incident" = IncidentId, Path)),
    responses((status = 200, description = "The incident", body = IncidentDetailOut)))]
async fn show(scope: TenantScope, Path(id): Path<IncidentId>) -> Result<Json<IncidentDetailOut>, Error> {
    detail(&mut scope.begin().await?, id).await
}

/// List a server's incidents
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/servers/{server_id}/incidents", tag = "monitoring",
    params(("server_id" = ServerId, Path), PageQuery),
    responses((status = 200, description = "A page of the server's incidents", body = ListOut<IncidentOut>)))]
async fn of_server(
    scope: TenantScope,
    Path(id): Path<ServerId>,
    Query(query): Query<PageQuery>,
) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = page_of_server(&mut scope.begin().await?, id, &query).await?;
    Ok(listing.map(IncidentOut::from).json(&query))
}

/// List all incidents
///
/// The newest first, but for those that are only a part of another; those with `part_of`. `q` is found in the summary and the names of server and
/// tenant.
#[utoipa::path(get, path = "/api/v1/staff/incidents", tag = "staff", params(IncidentFilter, ListQuery),
    responses((status = 200, description = "A page of incidents", body = ListOut<IncidentOut>)))]
async fn staff_list(scope: StaffScope, query: IncidentQuery) -> Result<Response, Error> {
    let listing = page_of(&mut scope.begin().await?, None, &query).await?;
    Ok(listing.map(IncidentOut::from).json(&query))
}

/// Show any incident
#[utoipa::path(get, path = "/api/v1/staff/incidents/{incident}", tag = "staff", params(("incident" = IncidentId, Path)),
    responses((status = 200, description = "The incident", body = IncidentDetailOut)))]
async fn staff_show(scope: StaffScope, Path(id): Path<IncidentId>) -> Result<Json<IncidentDetailOut>, Error> {
    detail(&mut scope.begin().await?, id).await
}

/// Why an incident is closed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct IncidentCloseIn {
    /// The reason.
    #[schema(min_length = 1, max_length = 500, example = "The customer is rebuilding it.")]
    reason: String,
}

/// Close an incident
///
/// Although it is not over. It opens again only after its cause was good once.
#[utoipa::path(post, path = "/api/v1/staff/incidents/{incident}/close", tag = "staff",
    params(("incident" = IncidentId, Path)), request_body = IncidentCloseIn,
    responses((status = 200, description = "The incident", body = IncidentOut)))]
async fn close(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<IncidentId>,
    Json(body): Json<IncidentCloseIn>,
) -> Result<Json<IncidentOut>, Error> {
    Ok(Json(actions::close(&app, &scope, id, &body.reason).await?.into()))
}

/// Where a location stands.
#[derive(Debug, Serialize, ToSchema)]
struct PlaceOut {
    /// The location.
    location: LocationId,
    /// What it is called.
    name: String,
    /// The site.
    site: String,
    /// The room.
    room: String,
    /// The rack.
    rack: String,
    /// The unit in the rack.
    unit: String,
    /// What the machine is called in the provider's books.
    asset: String,
}

impl From<Inventory> for PlaceOut {
    fn from(one: Inventory) -> Self {
        Self {
            location: one.location,
            name: one.name,
            site: one.site,
            room: one.room,
            rack: one.rack,
            unit: one.unit,
            asset: one.asset,
        }
    }
}

/// Where all locations stand.
#[derive(Debug, Serialize, ToSchema)]
struct PlacesOut {
    /// The locations, by name.
    items: Vec<PlaceOut>,
}

/// What changes about where a location stands; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct PlacePatchIn {
    /// The site.
    #[schema(max_length = 100)]
    site: Option<String>,
    /// The room.
    #[schema(max_length = 100)]
    room: Option<String>,
    /// The rack.
    #[schema(max_length = 100)]
    rack: Option<String>,
    /// The unit in the rack.
    #[schema(max_length = 100)]
    unit: Option<String>,
    /// What the machine is called in the provider's books.
    #[schema(max_length = 100)]
    asset: Option<String>,
}

/// Show where locations stand
///
/// Several servers of one node, rack or site that fail together are one incident.
#[utoipa::path(get, path = "/api/v1/staff/incidents/inventory", tag = "staff",
    responses((status = 200, description = "All locations", body = PlacesOut)))]
async fn places(scope: StaffScope) -> Result<Json<PlacesOut>, Error> {
    let all = store::places(&mut scope.begin().await?).await?;
    Ok(Json(PlacesOut {
        items: all.into_iter().map(PlaceOut::from).collect(),
    }))
}

/// Say where a location stands
#[utoipa::path(patch, path = "/api/v1/staff/incidents/inventory/{location}", tag = "staff",
    params(("location" = LocationId, Path)), request_body = PlacePatchIn,
    responses((status = 200, description = "The location", body = PlaceOut)))]
async fn set_place(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<LocationId>,
    if_match: IfMatch,
    Json(patch): Json<PlacePatchIn>,
) -> Result<Tagged<Json<PlaceOut>>, Error> {
    let choose = |before: Inventory| Inventory {
        site: patch.site.unwrap_or(before.site),
        room: patch.room.unwrap_or(before.room),
        rack: patch.rack.unwrap_or(before.rack),
        unit: patch.unit.unwrap_or(before.unit),
        asset: patch.asset.unwrap_or(before.asset),
        ..before
    };
    let expected = |version| if_match.check(version);
    let place = actions::set_place(&app, &scope, id, choose, &expected).await?;
    Ok(Tagged(place.version, Json(place.into())))
}
