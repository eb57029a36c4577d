//! Maintenance for programs.

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope, TenantScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, MaintenanceId, ServerId};
use crate::platform::web::{
    Cursor, IfMatch, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query, Routes, Tagged, operation,
};

use super::actions;
use super::model::{Maintenance, NewMaintenance, Repeat, Run, Window, WindowText};
use super::store;

/// How long before customers are told, if nobody says.
pub(super) const LEAD_HOURS: i32 = 72;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (staff, manage) = (
        Rule::Staff(P::StaffCheckRead),
        Rule::Staff(P::StaffMaintenanceManage),
    );
    Routes::new()
        .api(Rule::Tenant(P::CheckRead), operation!(own))
        .api(staff, operation!(list))
        .api(manage, operation!(create))
        .api(staff, operation!(show))
        .api(manage, operation!(change))
        .api(manage, operation!(cancel))
        .api(manage, operation!(end))
}

/// A time of a maintenance window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = MaintenanceWindow)]
struct WindowOut {
    /// Which window.
    id: MaintenanceId,
    /// In a line.
    title: String,
    /// What it means.
    body: String,
    /// The location, if it is about one.
    location: Option<LocationId>,
    /// The server, if it is about one.
    server: Option<ServerId>,
    /// Where, for people.
    place: String,
    /// From when.
    begins_at: DateTime<Utc>,
    /// Until when.
    ends_at: DateTime<Utc>,
}

impl From<Window> for WindowOut {
    fn from(one: Window) -> Self {
        Self {
            id: one.id,
            title: one.title,
            body: one.body,
            location: one.location,
            server: one.server,
            place: one.place,
            begins_at: one.begins_at,
            ends_at: one.ends_at,
        }
    }
}

/// List maintenance that concerns you
///
/// What is under way or to come, the next first; at most a hundred times.
#[utoipa::path(get, path = "/api/v1/maintenance", tag = "monitoring",
    responses((status = 200, description = "The times", body = ListOut<WindowOut>)))]
async fn own(State(app): State<App>, scope: TenantScope) -> Result<Response, Error> {
    let all = super::upcoming(&mut scope.begin().await?, app.now()).await?;
    let listing = Listing {
        items: all.into_iter().map(WindowOut::from).collect(),
        next: None,
    };
    Ok(listing.json(&ListQuery::default()))
}

/// A maintenance window.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Maintenance)]
struct MaintenanceOut {
    /// Its id.
    id: MaintenanceId,
    /// In a line.
    title: String,
    /// What customers read.
    body: String,
    /// The location (a node), if it is about one.
    location: Option<LocationId>,
    /// The site, if it is about one or about a rack: what stands there at the time. Empty for a rack without one.
    site: Option<String>,
    /// The rack's room, if it is about a rack.
    room: Option<String>,
    /// The rack, if it is about one.
    rack: Option<String>,
    /// The server, if it is about one.
    server: Option<ServerId>,
    /// Where, for people.
    place: String,
    /// When it is for the first time, by the clock on the wall.
    #[schema(example = "2026-03-21T22:00:00")]
    starts_at: String,
    /// How long it lasts.
    minutes: i32,
    /// How often it is.
    repeat: Repeat,
    /// Whose clock.
    zone: String,
    /// The last day on which it may begin.
    until: Option<NaiveDate>,
    /// How many hours before customers are told.
    lead_hours: i32,
    /// When it was called off.
    cancelled_at: Option<DateTime<Utc>>,
    /// Who announced it.
    created_by: String,
}

impl From<Maintenance> for MaintenanceOut {
    fn from(one: Maintenance) -> Self {
        Self {
            id: one.id,
            title: one.title,
            body: one.body,
            location: one.place.location(),
            site: one.place.site().map(str::to_owned),
            room: one.place.room().map(str::to_owned),
            rack: one.place.rack().map(str::to_owned),
            server: one.place.server(),
            place: one.place_name,
            starts_at: one.timing.first.format("%Y-%m-%dT%H:%M:%S").to_string(),
            minutes: one.timing.minutes,
            repeat: one.timing.repeat,
            zone: one.timing.zone.name().to_owned(),
            until: one.timing.until,
            lead_hours: one.lead_hours,
            cancelled_at: one.cancelled_at,
            created_by: one.created_by,
        }
    }
}

/// One time of it, and what was told.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "moments end so in the API")]
struct MaintenanceRunOut {
    /// From when.
    begins_at: DateTime<Utc>,
    /// Until when.
    ends_at: DateTime<Utc>,
    /// When it was called off.
    cancelled_at: Option<DateTime<Utc>>,
    /// When people were told.
    told_at: Option<DateTime<Utc>>,
    /// When they were reminded.
    reminded_at: Option<DateTime<Utc>>,
    /// When they were told that it is over.
    closed_at: Option<DateTime<Utc>>,
}

impl From<Run> for MaintenanceRunOut {
    fn from(run: Run) -> Self {
        Self {
            begins_at: run.begins_at,
            ends_at: run.ends_at,
            cancelled_at: run.cancelled_at,
            told_at: run.told_at,
            reminded_at: run.reminded_at,
            closed_at: run.closed_at,
        }
    }
}

/// A window with its times.
#[derive(Debug, Serialize, ToSchema)]
struct MaintenanceDetailOut {
    #[serde(flatten)]
    maintenance: MaintenanceOut,
    /// The next twenty of its times and the last thirty, the latest first.
    times: Vec<MaintenanceRunOut>,
    /// Other windows that cover some of the same at the same time; at most twenty. What several cover counts once.
    overlaps: Vec<MaintenanceOverlapOut>,
}

/// Another window that covers some of the same.
#[derive(Debug, Serialize, ToSchema)]
struct MaintenanceOverlapOut {
    /// Which.
    id: MaintenanceId,
    /// In a line.
    title: String,
    /// When its time begins that overlaps first.
    begins_at: DateTime<Utc>,
}

/// A window that is announced, or changed as a whole.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct MaintenanceIn {
    /// In a line.
    #[schema(min_length = 1, max_length = 120, example = "New kernel")]
    title: String,
    /// What customers read.
    #[schema(min_length = 1, max_length = 4000, example = "Servers restart once.")]
    body: String,
    /// The location (a node), if it is about one. Without location, site, rack and server it is about everything.
    location: Option<LocationId>,
    /// The site, if it is about one: whatever stands there at the time, as written down where locations stand.
    #[schema(max_length = 100, example = "Hamburg")]
    site: Option<String>,
    /// The rack's room, where one is written down.
    #[schema(max_length = 100)]
    room: Option<String>,
    /// The rack, with its site and room as they are written down: whatever stands in it at the time.
    #[schema(max_length = 100, example = "B")]
    rack: Option<String>,
    /// The server, if it is about one.
    server: Option<ServerId>,
    /// When it is for the first time, by the clock on the wall.
    #[schema(example = "2026-03-21T22:00")]
    starts_at: String,
    /// How long it lasts.
    #[schema(minimum = 1, maximum = 2880)]
    minutes: i32,
    /// How often it is; once if nothing is said.
    repeat: Option<Repeat>,
    /// Whose clock.
    #[schema(example = "Europe/Berlin")]
    zone: String,
    /// The last day on which it may begin.
    until: Option<NaiveDate>,
    /// How many hours before customers are told; 72 if nothing is said.
    #[schema(minimum = 0, maximum = 720)]
    lead_hours: Option<i32>,
}

impl MaintenanceIn {
    fn parse(self) -> Result<NewMaintenance, Error> {
        let text = WindowText {
            title: self.title,
            body: self.body,
            location: self.location.map(|id| id.to_string()).unwrap_or_default(),
            site: self.site.unwrap_or_default(),
            room: self.room.unwrap_or_default(),
            rack: self.rack.unwrap_or_default(),
            server: self.server.map(|id| id.to_string()).unwrap_or_default(),
            starts_at: self.starts_at,
            minutes: self.minutes.to_string(),
            repeat: self.repeat.unwrap_or(Repeat::Once).word().to_owned(),
            zone: self.zone,
            until: self.until.map(|day| day.to_string()).unwrap_or_default(),
            lead_hours: self.lead_hours.unwrap_or(LEAD_HOURS).to_string(),
        };
        Ok(text.parse()?)
    }
}

fn tagged(one: Maintenance) -> Tagged<Json<MaintenanceOut>> {
    Tagged(one.version, Json(one.into()))
}

/// A page of all windows, the newest first.
pub(super) async fn page_of(tx: &mut StaffTx, query: &ListQuery) -> Result<Listing<Maintenance>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let rows = store::list(tx, before, query.fetch()?).await?;
    let listing = Listing::new(rows, query, |(one, at)| (*at, one.id.0))?;
    Ok(listing.map(|(one, _)| one))
}

/// List maintenance windows
///
/// The newest first.
#[utoipa::path(get, path = "/api/v1/staff/maintenance", tag = "staff", params(PageQuery),
    responses((status = 200, description = "A page of windows", body = ListOut<MaintenanceOut>)))]
async fn list(scope: StaffScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let listing = page_of(&mut scope.begin().await?, &query).await?;
    Ok(listing.map(MaintenanceOut::from).json(&query))
}

/// Announce maintenance
///
/// Owners of the tenants that it concerns are told before, an hour before, and when it is over.
#[utoipa::path(post, path = "/api/v1/staff/maintenance", tag = "staff", request_body = MaintenanceIn,
    responses((status = 201, description = "The window", body = MaintenanceOut)))]
async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(body): Json<MaintenanceIn>,
) -> Result<Response, Error> {
    let made = actions::create(&app, &scope, &body.parse()?).await?;
    Ok((StatusCode::CREATED, tagged(made)).into_response())
}

/// Show a maintenance window
#[utoipa::path(get, path = "/api/v1/staff/maintenance/{maintenance}", tag = "staff",
    params(("maintenance" = MaintenanceId, Path)),
    responses((status = 200, description = "The window with its times", body = MaintenanceDetailOut)))]
async fn show(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<MaintenanceId>,
) -> Result<Tagged<Json<MaintenanceDetailOut>>, Error> {
    let mut tx = scope.begin().await?;
    let one = store::find(&mut tx, id).await?;
    let now = app.now();
    let times = store::runs(&mut tx, id, now).await?.into_iter();
    let overlaps = store::overlaps(&mut tx, id, now).await?.into_iter();
    let overlap = |(id, title, begins_at)| MaintenanceOverlapOut { id, title, begins_at };
    let out = MaintenanceDetailOut {
        times: times.map(MaintenanceRunOut::from).collect(),
        overlaps: overlaps.map(overlap).collect(),
        maintenance: MaintenanceOut::from(one.clone()),
    };
    Ok(Tagged(one.version, Json(out)))
}

/// Change a maintenance window
///
/// All of it. When and where it is can't be changed once customers were told.
#[utoipa::path(patch, path = "/api/v1/staff/maintenance/{maintenance}", tag = "staff",
    params(("maintenance" = MaintenanceId, Path)), request_body = MaintenanceIn,
    responses((status = 200, description = "The window", body = MaintenanceOut)))]
async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<MaintenanceId>,
    if_match: IfMatch,
    Json(body): Json<MaintenanceIn>,
) -> Result<Tagged<Json<MaintenanceOut>>, Error> {
    let expected = |version| if_match.check(version);
    let new = body.parse()?;
    Ok(tagged(actions::change(&app, &scope, id, &new, &expected).await?))
}

/// Call maintenance off
///
/// Times to come do not take place, and one that is under way ends. Who was told of them is told.
#[utoipa::path(post, path = "/api/v1/staff/maintenance/{maintenance}/cancel", tag = "staff",
    params(("maintenance" = MaintenanceId, Path)),
    responses((status = 200, description = "The window", body = MaintenanceOut)))]
async fn cancel(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<MaintenanceId>,
) -> Result<Tagged<Json<MaintenanceOut>>, Error> {
    Ok(tagged(actions::cancel(&app, &scope, id).await?))
}

/// End maintenance that is under way
///
/// Because the work is done. Who was told of it is told.
#[utoipa::path(post, path = "/api/v1/staff/maintenance/{maintenance}/end", tag = "staff",
    params(("maintenance" = MaintenanceId, Path)),
    responses((status = 200, description = "The window", body = MaintenanceOut)))]
async fn end(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<MaintenanceId>,
) -> Result<Tagged<Json<MaintenanceOut>>, Error> {
    Ok(tagged(actions::end(&app, &scope, id).await?))
}
