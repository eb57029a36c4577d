//! One schedule: what it does, when it runs next, and its last runs.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ScheduleId, ServerId};
use crate::platform::web::{Ctx, Page, Path};
use crate::servers::{self, Head};

use super::super::actions::{self, Place};
use super::super::model::{RUNS_KEPT, Run, Schedule, Step, Zone};
use super::super::store;
use super::act::{href, list_href};
use super::list::Moment;

/// A run in the list of runs.
struct RunRow {
    href: String,
    word: &'static str,
    tone: &'static str,
    due: Moment,
    by: String,
    took: String,
    reason: String,
}

/// How long it took, in the words of people.
pub(super) fn took(from: DateTime<Utc>, to: Option<DateTime<Utc>>) -> String {
    let Some(to) = to else {
        return String::new();
    };
    match (to - from).num_seconds() {
        seconds @ 0..=119 => format!("{seconds} s"),
        seconds => format!("{} min", seconds / 60),
    }
}

impl RunRow {
    fn new(run: &Run, base: &str, zone: Zone) -> Self {
        let times = match run.times {
            1 => String::new(),
            times => format!(" {times} times in a row, the last time for this one."),
        };
        Self {
            href: format!("{base}/runs/{}", run.id),
            word: run.state.word(),
            tone: run.state.tone(),
            due: Moment::new(run.due_at, zone),
            by: run.asked_by.clone().unwrap_or_default(),
            took: took(run.started_at, run.finished_at),
            reason: format!("{}{times}", run.reason.as_deref().unwrap_or_default()),
        }
    }
}

/// What changes while one looks.
#[derive(Template)]
#[template(path = "schedules/panel.html")]
pub(super) struct Panel {
    base: String,
    is_paused: bool,
    is_running: bool,
    next: Vec<Moment>,
    cron: String,
    zone: &'static str,
    steps: Vec<Step>,
    runs: Vec<RunRow>,
    kept: i64,
    may_write: bool,
    suspended: Option<String>,
}

impl askama::filters::HtmlSafe for Panel {}

impl Panel {
    pub(super) async fn load(
        scope: &TenantScope,
        tx: &mut TenantTx,
        (schedule, zone): (&Schedule, Zone),
    ) -> Result<Self, Error> {
        let runs = store::list_runs(tx, schedule.id).await?;
        let base = href(&scope.member.slug, schedule.server, schedule.id);
        let following = match schedule.next_run {
            Some(next) => actions::expression(schedule)?.upcoming(zone, next, 2),
            None => Vec::new(),
        };
        let next = schedule.next_run.into_iter().chain(following);
        Ok(Self {
            is_paused: schedule.is_paused,
            is_running: runs.iter().any(|run| run.finished_at.is_none()),
            next: next.map(|at| Moment::new(at, zone)).collect(),
            cron: schedule.cron.clone(),
            zone: zone.name(),
            steps: schedule.steps.clone(),
            runs: runs.iter().map(|run| RunRow::new(run, &base, zone)).collect(),
            kept: RUNS_KEPT,
            may_write: scope.may(Permission::ScheduleWrite),
            suspended: scope.member.suspended.clone(),
            base,
        })
    }

    /// What stands in its place when the schedule is gone.
    pub(super) fn gone() -> String {
        "<div id=\"schedule-panel\" class=\"card\"><div class=\"card-body\"><h2>Deleted</h2>\
         <p>This schedule and its runs are gone.</p></div></div>"
            .to_owned()
    }
}

#[derive(Template)]
#[template(path = "schedules/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    base: String,
    name: String,
    panel: Panel,
    live: String,
    may_write: bool,
}

/// The way back from a schedule's pages.
pub(super) fn crumbs(ctx: Ctx, scope: &TenantScope, server: (ServerId, &str)) -> Ctx {
    let slug = &scope.member.slug;
    let top = match scope.guest_of() {
        Some(_) => ("Shared with me".to_owned(), "/shared".to_owned()),
        None => ("Servers".to_owned(), format!("/t/{slug}/servers")),
    };
    ctx.with_crumbs([
        top,
        (server.1.to_owned(), format!("/t/{slug}/servers/{}", server.0)),
        ("Schedules".to_owned(), list_href(slug, server.0)),
    ])
}

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, server, id)): Path<(String, ServerId, ScheduleId)>,
) -> Result<Page<Show>, Error> {
    let place: Place = (server, id);
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, server).await?;
    let newest = events::newest(&mut tx).await?;
    let (schedule, zone) = actions::find(&mut tx, scope.tenant(), place).await?;
    let panel = Panel::load(&scope, &mut tx, (&schedule, zone)).await?;
    let base = panel.base.clone();
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope, (server.id, &server.name)),
        head: Head::new(&app, &scope, &server, "schedules"),
        live: format!("{base}/live?after={newest}"),
        base,
        name: schedule.name,
        panel,
        may_write: scope.may(Permission::ScheduleWrite),
    }))
}
