//! One run: how far it is, and what came of each step.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ScheduleId, ScheduleRunId, ServerId};
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Path};
use crate::servers::{self, Head};

use super::super::actions::{self, Place};
use super::super::model::{Run, RunStep, Step, StepState, Zone};
use super::super::store;
use super::act::href;
use super::list::Moment;
use super::live::is_about;
use super::show::{crumbs, took};

/// A step of the run, begun or not.
struct StepRow {
    /// The word of the steps' macro.
    look: &'static str,
    title: String,
    took: String,
    note: String,
    output: String,
    is_cut: bool,
}

impl StepRow {
    fn new(run: &Run, step: &Step, begun: Option<&RunStep>) -> Self {
        let Some(begun) = begun else {
            let is_left_out = run.finished_at.is_some();
            let wait = match step.wait_seconds {
                0 => String::new(),
                seconds => format!("Waits {seconds} s before it."),
            };
            return Self {
                look: if is_left_out { "skipped" } else { "todo" },
                title: step.title(),
                took: String::new(),
                note: if is_left_out { String::new() } else { wait },
                output: String::new(),
                is_cut: false,
            };
        };
        let code = begun.exit_code.map(|code| format!("Exit code {code}."));
        let note = [code, begun.note.clone()].into_iter().flatten();
        Self {
            look: match begun.state {
                StepState::Running => "doing",
                StepState::Succeeded => "done",
                StepState::Failed | StepState::Interrupted => "failed",
            },
            title: step.title(),
            took: took(begun.started_at, begun.finished_at),
            note: note.collect::<Vec<_>>().join(" "),
            output: begun.output.clone(),
            is_cut: begun.is_cut,
        }
    }
}

/// What changes while one looks.
#[derive(Template)]
#[template(path = "schedules/run_panel.html")]
struct RunPanel {
    word: &'static str,
    tone: &'static str,
    due: Moment,
    started: Moment,
    finished: Option<Moment>,
    by: String,
    reason: String,
    times: i32,
    steps: Vec<StepRow>,
}

impl askama::filters::HtmlSafe for RunPanel {}

impl RunPanel {
    async fn load(tx: &mut TenantTx, run: &Run, zone: Zone) -> Result<Self, Error> {
        let begun = store::run_steps(tx, run.id).await?;
        let steps = run.steps.iter().enumerate().map(|(place, step)| {
            let begun = begun.iter().find(|begun| begun.position == place);
            StepRow::new(run, step, begun)
        });
        Ok(Self {
            word: run.state.word(),
            tone: run.state.tone(),
            due: Moment::new(run.due_at, zone),
            started: Moment::new(run.started_at, zone),
            finished: run.finished_at.map(|at| Moment::new(at, zone)),
            by: run.asked_by.clone().unwrap_or_else(|| "the clock".to_owned()),
            reason: run.reason.clone().unwrap_or_default(),
            times: run.times,
            steps: steps.collect(),
        })
    }
}

#[derive(Template)]
#[template(path = "schedules/run.html")]
pub(super) struct Show {
    ctx: Ctx,
    head: Head,
    name: String,
    panel: RunPanel,
    live: String,
}

type RunPlace = Path<(String, ServerId, ScheduleId, ScheduleRunId)>;

/// The page.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, server, id, run)): RunPlace,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, server).await?;
    let newest = events::newest(&mut tx).await?;
    let (schedule, zone) = actions::find(&mut tx, scope.tenant(), (server.id, id)).await?;
    let run = store::find_run(&mut tx, (schedule.id, run)).await?;
    let base = href(&slug, server.id, id);
    let mut ctx = crumbs(ctx, &scope, (server.id, &server.name));
    ctx.crumbs.push(crate::platform::web::page::Crumb {
        label: schedule.name.clone(),
        href: base.clone(),
    });
    Ok(Page(Show {
        ctx,
        head: Head::new(&app, &scope, &server, "schedules"),
        live: format!("{base}/runs/{}/live?after={newest}", run.id),
        name: schedule.name,
        panel: RunPanel::load(&mut tx, &run, zone).await?,
    }))
}

/// The page's stream: the run as it goes on.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, server, id, run)): RunPlace,
    seen: LastSeen,
) -> Result<Response, Error> {
    let place: Place = (server, id);
    app.live(&scope, seen, move |_, scope, event| async move {
        if is_about(&scope, &event) != Some(id) {
            return Ok(None);
        }
        panel(&scope, place, run).await.map(Some)
    })
    .await
}

async fn panel(scope: &TenantScope, place: Place, run: ScheduleRunId) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let (schedule, zone) = match actions::find(&mut tx, scope.tenant(), place).await {
        Err(Error::NotFound) => return Ok(Fragment::default().remove("run-panel")),
        other => other?,
    };
    let run = match store::find_run(&mut tx, (schedule.id, run)).await {
        Err(Error::NotFound) => return Ok(Fragment::default().remove("run-panel")),
        other => other?,
    };
    let panel = RunPanel::load(&mut tx, &run, zone).await?;
    Ok(Fragment::default().replace("run-panel", &panel.render().map_err(Error::internal)?))
}
