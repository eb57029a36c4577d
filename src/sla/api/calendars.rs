//! Calendars, for programs of staff.

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::SlaCalendarId;
use crate::platform::web::{IfMatch, Json, ListOut, ListQuery, Path, Query, Tagged, object, optional_object};

use super::super::model::{Calendar, HoursText};
use super::super::{actions, pages, store};
use super::{HoursBody, created};

type One = Result<Tagged<Json<CalendarOut>>, Error>;

/// A calendar to be made, or as it should be.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaCalendarIn)]
pub(in super::super) struct CalendarIn {
    /// What it is called.
    #[schema(min_length = 1, max_length = 80, example = "Office hours")]
    name: String,
    /// When time counts.
    #[serde(deserialize_with = "object")]
    hours: HoursBody,
}

/// What changes about a calendar; what is left out stays.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SlaCalendarPatch)]
pub(in super::super) struct CalendarPatch {
    /// The new name.
    #[schema(min_length = 1, max_length = 80)]
    name: Option<String>,
    /// The new hours, all of them.
    #[serde(default, deserialize_with = "optional_object")]
    hours: Option<HoursBody>,
}

/// A calendar.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SlaCalendar)]
pub(in super::super) struct CalendarOut {
    /// Its id.
    id: SlaCalendarId,
    /// What it is called.
    name: String,
    /// When time counts.
    hours: HoursBody,
    /// How many policies have it.
    policies: i64,
    /// Since when it is not offered any more.
    archived_at: Option<DateTime<Utc>>,
    /// Grows with each change; it is the entity tag.
    version: i64,
}

impl From<Calendar> for CalendarOut {
    fn from(calendar: Calendar) -> Self {
        Self {
            id: calendar.id,
            hours: (&calendar.hours).into(),
            name: calendar.name,
            policies: calendar.policies,
            archived_at: calendar.archived_at,
            version: calendar.version,
        }
    }
}

fn answer(calendar: Calendar) -> Tagged<Json<CalendarOut>> {
    Tagged(calendar.version, Json(calendar.into()))
}

/// List calendars
///
/// By name.
#[utoipa::path(get, path = "/api/v1/staff/sla/calendars", tag = "staff sla", params(ListQuery),
    responses((status = 200, description = "A page of the calendars", body = ListOut<CalendarOut>)))]
pub(in super::super) async fn list(
    scope: StaffScope,
    Query(query): Query<ListQuery>,
) -> Result<Response, Error> {
    let listing = pages::calendars::listing(&mut scope.begin().await?, &query).await?;
    Ok(listing.map(CalendarOut::from).json(&query))
}

/// Create a calendar
#[utoipa::path(post, path = "/api/v1/staff/sla/calendars", tag = "staff sla", request_body = CalendarIn,
    responses((status = 201, description = "The calendar", body = CalendarOut)))]
pub(in super::super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    Json(new): Json<CalendarIn>,
) -> Result<Response, Error> {
    let new = new.hours.text(new.name).parse()?;
    let made = actions::create_calendar(&app, &scope, new).await?;
    let path = format!("/api/v1/staff/sla/calendars/{}", made.id);
    Ok(created(&path, made.version, CalendarOut::from(made)))
}

/// Show a calendar
#[utoipa::path(get, path = "/api/v1/staff/sla/calendars/{calendar}", tag = "staff sla",
    params(("calendar" = SlaCalendarId, Path)),
    responses((status = 200, description = "The calendar", body = CalendarOut)))]
pub(in super::super) async fn show(scope: StaffScope, Path(id): Path<SlaCalendarId>) -> One {
    Ok(answer(store::find_calendar(&mut scope.begin().await?, id).await?))
}

/// Change a calendar
///
/// For all policies that have it. Tickets that are open keep the hours that they were opened under.
#[utoipa::path(patch, path = "/api/v1/staff/sla/calendars/{calendar}", tag = "staff sla",
    params(("calendar" = SlaCalendarId, Path)), request_body = CalendarPatch,
    responses((status = 200, description = "The calendar", body = CalendarOut)))]
pub(in super::super) async fn change(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaCalendarId>,
    if_match: IfMatch,
    Json(patch): Json<CalendarPatch>,
) -> One {
    let before = store::find_calendar(&mut scope.begin().await?, id).await?;
    let name = patch.name.unwrap_or_else(|| before.name.clone());
    let text = match patch.hours {
        Some(hours) => hours.text(name),
        None => HoursText::of(&name, &before.hours),
    };
    // What was left out is as it was when it was read, so nobody may have changed it since.
    let check = |version| match if_match.check(version) {
        Ok(()) if version != before.version => Err(Error::PreconditionFailed),
        other => other,
    };
    Ok(answer(
        actions::update_calendar(&app, &scope, id, text.parse()?, &check).await?,
    ))
}

/// Archive a calendar
///
/// New policies do not get it; those that have it keep it.
#[utoipa::path(post, path = "/api/v1/staff/sla/calendars/{calendar}/archive", tag = "staff sla",
    params(("calendar" = SlaCalendarId, Path)),
    responses((status = 200, description = "The calendar", body = CalendarOut)))]
pub(in super::super) async fn archive(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaCalendarId>,
) -> One {
    Ok(answer(actions::archive_calendar(&app, &scope, id, true).await?))
}

/// Restore an archived calendar
#[utoipa::path(post, path = "/api/v1/staff/sla/calendars/{calendar}/restore", tag = "staff sla",
    params(("calendar" = SlaCalendarId, Path)),
    responses((status = 200, description = "The calendar", body = CalendarOut)))]
pub(in super::super) async fn restore(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<SlaCalendarId>,
) -> One {
    Ok(answer(actions::archive_calendar(&app, &scope, id, false).await?))
}
