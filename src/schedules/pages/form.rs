//! The form of a schedule, new or known. It works without script: unused rows of steps are left out, and what the expression
//! comes to is shown whenever the form comes back. With script it follows what is typed.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ScheduleId, ServerId};
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, Query, SeeOther};
use crate::servers::{self, Head};

use super::super::actions::{self, ScheduleChange};
use super::super::model::{Expression, MAX_STEPS, Schedule, StepText, Zone};
use super::super::store;
use super::act::{href, list_href};
use super::list::Moment;
use super::rows::{Choice, StepFields, choices, in_rows, read};
use super::show::crumbs;

/// What the form begins with: every night, when nobody plays.
const BEGIN: &str = "0 4 * * *";

#[derive(Template)]
#[template(path = "schedules/form.html")]
pub(super) struct FormPage {
    ctx: Ctx,
    head: Head,
    form: FormState,
    /// What it is called now; nothing where it is new.
    name: String,
    action: String,
    back: String,
    follows: String,
    version: i64,
    zone: &'static str,
    next: Vec<Moment>,
    steps: Vec<StepFields>,
    more: Vec<StepFields>,
    choices: Vec<Choice>,
}

/// What the form asks for while somebody types.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Typed {
    cron: Option<String>,
}

/// Where the form is: on a server, of a schedule or of none yet.
#[derive(Clone, Copy)]
struct At<'a> {
    server: ServerId,
    schedule: Option<&'a Schedule>,
    zone: Zone,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    at: At<'_>,
    form: FormState,
) -> Result<Page<FormPage>, Error> {
    let server = servers::find(&mut scope.begin().await?, at.server).await?;
    let slug = &scope.member.slug;
    let list = list_href(slug, server.id);
    let (action, back, follows) = match at.schedule {
        None => (list.clone(), list.clone(), format!("{list}/new")),
        Some(schedule) => {
            let one = href(slug, server.id, schedule.id);
            (one.clone(), one.clone(), format!("{one}/edit"))
        }
    };
    let all: Vec<StepFields> = (0..MAX_STEPS)
        .map(|place| StepFields::new(&form, place))
        .collect();
    let used = all
        .iter()
        .rposition(StepFields::is_used)
        .map_or(0, |last| last + 1);
    // A guest has the one server, and sees nothing of its stack.
    let is_part = server.in_stack().is_ok() && scope.guest_of().is_none();
    // What is there already can be chosen: a form without it would say that there is nothing, and save that.
    let is_of_stack = all.iter().any(StepFields::is_of_stack);
    let mut steps = all;
    let more = steps.split_off((used + 1).clamp(2, MAX_STEPS));
    let expression = Expression::parse(form.value("cron")).ok();
    let next = expression.map(|cron| cron.upcoming(at.zone, app.now(), 3));
    Ok(Page(FormPage {
        ctx: crumbs(ctx, scope, (server.id, &server.name)),
        head: Head::new(app, scope, &server, "schedules"),
        name: at
            .schedule
            .map(|schedule| schedule.name.clone())
            .unwrap_or_default(),
        action,
        back,
        follows,
        version: at.schedule.map_or(1, |schedule| schedule.version),
        zone: at.zone.name(),
        next: next
            .unwrap_or_default()
            .into_iter()
            .map(|next| Moment::new(next, at.zone))
            .collect(),
        steps,
        more,
        choices: choices(is_part || is_of_stack),
        form,
    }))
}

/// An empty form.
pub(super) async fn new(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, server)): Path<(String, ServerId)>,
    Query(typed): Query<Typed>,
) -> Result<Page<FormPage>, Error> {
    let zone = store::zone(&mut scope.begin().await?, scope.tenant()).await?;
    let at = At {
        server,
        schedule: None,
        zone,
    };
    let form = FormState::default()
        .with("cron", typed.cron.unwrap_or_else(|| BEGIN.to_owned()))
        .with("steps.0.kind", "restart");
    page(&app, &scope, ctx, at, form).await
}

/// The form with what holds now.
pub(super) async fn edit(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, server, id)): Path<(String, ServerId, ScheduleId)>,
    Query(typed): Query<Typed>,
) -> Result<Page<FormPage>, Error> {
    let mut tx = scope.begin().await?;
    let (schedule, zone) = actions::find(&mut tx, scope.tenant(), (server, id)).await?;
    drop(tx);
    let at = At {
        server,
        schedule: Some(&schedule),
        zone,
    };
    let mut form = FormState::default()
        .with("name", schedule.name.as_str())
        .with("cron", typed.cron.unwrap_or_else(|| schedule.cron.clone()));
    if schedule.is_paused {
        form = form.with("paused", "true");
    }
    for (place, step) in schedule.steps.iter().map(StepText::from).enumerate() {
        let name = |field: &str| format!("steps.{place}.{field}");
        let kind = if step.kind == "power" {
            step.power
        } else {
            step.kind
        };
        form = form
            .with(&name("kind"), kind)
            .with(&name("command"), step.command)
            .with(&name("keep"), step.keep)
            .with(&name("last"), step.retention.last)
            .with(&name("daily"), step.retention.daily)
            .with(&name("weekly"), step.retention.weekly)
            .with(&name("monthly"), step.retention.monthly)
            .with(&name("wait_seconds"), step.wait);
        if step.with_volumes {
            form = form.with(&name("with_volumes"), "true");
        }
        if step.go_on {
            form = form.with(&name("go_on"), "true");
        }
    }
    page(&app, &scope, ctx, at, form).await
}

/// Makes the schedule.
pub(super) async fn create(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, server)): Path<(String, ServerId)>,
    data: FormData,
) -> Result<Response, Error> {
    let (text, places) = read(&data);
    let is_paused = data.checked("paused");
    let made = data
        .submit(actions::create(&app, &scope, server, (&text, is_paused)))
        .await;
    let errors = match made {
        Ok(schedule) => {
            let to = SeeOther::to(href(&slug, server, schedule.id));
            return Ok(to.good("Created.").into_response());
        }
        Err(Error::Invalid(errors)) => in_rows(errors, &places),
        Err(error) => return Err(error),
    };
    let zone = store::zone(&mut scope.begin().await?, scope.tenant()).await?;
    let at = At {
        server,
        schedule: None,
        zone,
    };
    let form = FormState::new(data, errors);
    Ok(page(&app, &scope, ctx, at, form).await?.status(422))
}

/// Saves what changed.
pub(super) async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, server, id)): Path<(String, ServerId, ScheduleId)>,
    data: FormData,
) -> Result<Response, Error> {
    let (text, places) = read(&data);
    let change = ScheduleChange {
        name: Some(text.name),
        cron: Some(text.cron),
        steps: Some(text.steps),
        paused: Some(data.checked("paused")),
    };
    let saved = data
        .submit(actions::change(
            &app,
            &scope,
            (server, id),
            change,
            data.has_seen(),
        ))
        .await;
    let (errors, status) = match saved {
        Ok(_) => {
            return Ok(SeeOther::to(href(&slug, server, id))
                .good("Saved.")
                .into_response());
        }
        Err(Error::Invalid(errors)) => (in_rows(errors, &places), 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let mut tx = scope.begin().await?;
    let (schedule, zone) = actions::find(&mut tx, scope.tenant(), (server, id)).await?;
    drop(tx);
    let at = At {
        server,
        schedule: Some(&schedule),
        zone,
    };
    let form = FormState::new(data, errors);
    Ok(page(&app, &scope, ctx, at, form).await?.status(status))
}
