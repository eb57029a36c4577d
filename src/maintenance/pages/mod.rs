//! Maintenance for people: what concerns a tenant, and what staff announce.

mod form;

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};
use chrono_tz::Tz;

use crate::app::App;
use crate::platform::access::{Permission as P, Rule, StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::MaintenanceId;
use crate::platform::web::{Ctx, ListQuery, Page, PageQuery, Path, Query, Routes, SeeOther, ago};
use crate::schedules;

use super::api::page_of;
use super::model::{Maintenance, Run, Window};
use super::{actions, store};

const HOME: &str = "/staff/maintenance";

/// So many past times a tenant sees.
const PAST: i64 = 20;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let (staff, manage) = (
        Rule::Staff(P::StaffCheckRead),
        Rule::Staff(P::StaffMaintenanceManage),
    );
    Routes::new()
        .get("/t/{tenant}/maintenance", Rule::Tenant(P::CheckRead), own)
        .get(HOME, staff, list)
        .form(HOME, manage, form::create)
        .get("/staff/maintenance/new", manage, form::new)
        .get("/staff/maintenance/{maintenance}", staff, show)
        .get("/staff/maintenance/{maintenance}/edit", manage, form::edit)
        .form("/staff/maintenance/{maintenance}", manage, form::change)
        .post("/staff/maintenance/{maintenance}/cancel", manage, cancel)
        .post("/staff/maintenance/{maintenance}/end", manage, end)
}

/// A time as a page shows it.
struct Time {
    title: String,
    body: String,
    place: String,
    tone: &'static str,
    word: &'static str,
    iso: String,
    when: String,
    until: String,
    ago: String,
    note: String,
}

fn shown(at: DateTime<Utc>, zone: Tz) -> String {
    at.with_timezone(&zone)
        .format("%a %-d %b %Y, %H:%M %Z")
        .to_string()
}

impl Time {
    fn new(one: Window, zone: Tz, now: DateTime<Utc>) -> Self {
        let (tone, word) = one.words(now);
        Self {
            tone,
            word,
            iso: one.begins_at.to_rfc3339(),
            when: shown(one.begins_at, zone),
            until: shown(one.ends_at, zone),
            ago: ago(one.begins_at, now),
            title: one.title,
            body: one.body,
            place: one.place,
            note: String::new(),
        }
    }

    fn of(window: &Maintenance, run: &Run, now: DateTime<Utc>) -> Self {
        let note = match (run.told_at, run.reminded_at, run.closed_at) {
            (None, ..) => "Nobody was told yet".to_owned(),
            (Some(told), None, None) => format!("Told {}", ago(told, now)),
            (_, Some(reminded), None) => format!("Reminded {}", ago(reminded, now)),
            (_, _, Some(closed)) if run.cancelled_at.is_some() => {
                format!("Told that it is called off {}", ago(closed, now))
            }
            (_, _, Some(closed)) => format!("Told that it is over {}", ago(closed, now)),
        };
        let one = Window {
            id: window.id,
            title: window.title.clone(),
            body: window.body.clone(),
            location: window.place.location(),
            server: window.place.server(),
            place: window.place_name.clone(),
            begins_at: run.begins_at,
            ends_at: run.ends_at,
            is_cancelled: run.cancelled_at.is_some(),
        };
        Self {
            note,
            ..Self::new(one, window.timing.zone, now)
        }
    }
}

#[derive(Template)]
#[template(path = "maintenance/own.html")]
struct Own {
    ctx: Ctx,
    coming: Vec<Time>,
    past: Vec<Time>,
}

/// What concerns a tenant.
async fn own(State(app): State<App>, scope: TenantScope, ctx: Ctx) -> Result<Page<Own>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let coming = super::upcoming(&mut tx, now).await?;
    let past = store::windows(&mut tx, now, true, PAST).await?;
    let zone = schedules::zone(&mut tx, scope.tenant()).await?;
    let shown = |all: Vec<Window>| {
        all.into_iter()
            .map(|one| Time::new(one, zone, now))
            .collect::<Vec<_>>()
    };
    Ok(Page(Own {
        ctx,
        coming: shown(coming),
        past: shown(past),
    }))
}

struct Row {
    href: String,
    title: String,
    place: String,
    first: String,
    repeat: &'static str,
    is_cancelled: bool,
}

#[derive(Template)]
#[template(path = "maintenance/list.html")]
struct List {
    ctx: Ctx,
    coming: Vec<Time>,
    rows: Vec<Row>,
    next: String,
    may_manage: bool,
}

/// All windows.
async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    let (query, now) = (ListQuery::from(query), app.now());
    let mut tx = scope.begin().await?;
    let coming = super::upcoming(&mut tx, now).await?;
    let listing = page_of(&mut tx, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |one: Maintenance| Row {
        href: format!("{HOME}/{}", one.id),
        place: one.place_name,
        first: format!(
            "{} {}",
            one.timing.first.format("%-d %b %Y, %H:%M"),
            one.timing.zone.name()
        ),
        repeat: one.timing.repeat.label(),
        is_cancelled: one.cancelled_at.is_some(),
        title: one.title,
    };
    Ok(Page(List {
        ctx,
        coming: coming
            .into_iter()
            .map(|one| Time::new(one, Tz::UTC, now))
            .collect(),
        rows: listing.map(row).items,
        next,
        may_manage: scope.may(P::StaffMaintenanceManage),
    }))
}

#[derive(Template)]
#[template(path = "maintenance/show.html")]
struct Show {
    ctx: Ctx,
    href: String,
    one: Maintenance,
    first: String,
    /// What else covers some of the same at the same time: its address, its title and when.
    overlaps: Vec<(String, String, String)>,
    times: Vec<Time>,
    is_running: bool,
    may_manage: bool,
}

/// One window with its times.
async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<MaintenanceId>,
) -> Result<Page<Show>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let one = store::find(&mut tx, id).await?;
    let runs = store::runs(&mut tx, id, now).await?;
    let overlaps = store::overlaps(&mut tx, id, now).await?.into_iter();
    let overlaps =
        overlaps.map(|(other, title, at)| (format!("{HOME}/{other}"), title, shown(at, one.timing.zone)));
    let is_now = |run: &Run| run.cancelled_at.is_none() && run.begins_at <= now && run.ends_at > now;
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Maintenance", HOME)]),
        href: format!("{HOME}/{id}"),
        first: format!(
            "{}, {}",
            one.timing.first.format("%-d %b %Y, %H:%M"),
            one.timing.zone.name()
        ),
        overlaps: overlaps.collect(),
        is_running: runs.iter().any(is_now),
        times: runs.iter().map(|run| Time::of(&one, run, now)).collect(),
        may_manage: scope.may(P::StaffMaintenanceManage),
        one,
    }))
}

fn back(id: MaintenanceId, done: Result<Maintenance, Error>, words: &str) -> Result<SeeOther, Error> {
    let to = SeeOther::to(format!("{HOME}/{id}"));
    match done {
        Ok(_) => Ok(to.good(words)),
        Err(error) => to.refused(error),
    }
}

/// Calls it off.
async fn cancel(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<MaintenanceId>,
) -> Result<SeeOther, Error> {
    back(
        id,
        actions::cancel(&app, &scope, id).await,
        "Called off. Who knew of it is told.",
    )
}

/// Ends the time that is under way.
async fn end(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<MaintenanceId>,
) -> Result<SeeOther, Error> {
    back(
        id,
        actions::end(&app, &scope, id).await,
        "Ended. Who knew of it is told.",
    )
}
