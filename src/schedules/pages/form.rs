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
use super::super::model::{Expression, MAX_STEPS, Power, Schedule, ScheduleText, StepText, Zone};
use super::super::store;
use super::act::{href, list_href};
use super::list::Moment;
use super::show::crumbs;

/// What the form begins with: every night, when nobody plays.
const BEGIN: &str = "0 4 * * *";

/// What can be chosen for a step.
const CHOICES: [(&str, &str); 6] = [
    ("", "Nothing"),
    ("command", "Command"),
    ("start", "Start the server"),
    ("stop", "Stop the server"),
    ("restart", "Restart the server"),
    ("kill", "Kill the server"),
];

/// A row of the form: one step.
struct StepFields {
    number: usize,
    kind_name: String,
    kind: String,
    kind_error: String,
    line_name: String,
    line: String,
    line_error: String,
    wait_name: String,
    wait: String,
    wait_error: String,
    go_on_name: String,
    go_on: bool,
}

impl StepFields {
    fn new(form: &FormState, place: usize) -> Self {
        let name = |field: &str| format!("steps.{place}.{field}");
        let (kind, line) = (name("kind"), name("command"));
        let (wait, go_on) = (name("wait_seconds"), name("go_on"));
        Self {
            number: place + 1,
            kind: form.value(&kind).to_owned(),
            kind_error: form.error(&kind).to_owned(),
            line: form.value(&line).to_owned(),
            line_error: form.error(&line).to_owned(),
            wait: form.value(&wait).to_owned(),
            wait_error: form.error(&wait).to_owned(),
            go_on: form.has(&go_on, "true"),
            kind_name: kind,
            line_name: line,
            wait_name: wait,
            go_on_name: go_on,
        }
    }

    fn is(&self, kind: &str) -> bool {
        self.kind == kind
    }

    fn is_used(&self) -> bool {
        !self.kind.is_empty() || !self.line.is_empty()
    }
}

#[derive(Template)]
#[template(path = "schedules/form.html")]
pub(super) struct Form {
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
    choices: [(&'static str, &'static str); 6],
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
) -> Result<Page<Form>, Error> {
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
    let mut steps = all;
    let more = steps.split_off((used + 1).clamp(2, MAX_STEPS));
    let expression = Expression::parse(form.value("cron")).ok();
    let next = expression.map(|cron| cron.upcoming(at.zone, app.now(), 3));
    Ok(Page(Form {
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
        choices: CHOICES,
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
) -> Result<Page<Form>, Error> {
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
) -> Result<Page<Form>, Error> {
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
            .with(&name("wait_seconds"), step.wait);
        if step.go_on {
            form = form.with(&name("go_on"), "true");
        }
    }
    page(&app, &scope, ctx, at, form).await
}

/// What was sent, and which row of the form each step stood in.
fn read(data: &FormData) -> (ScheduleText, Vec<usize>) {
    let mut places = Vec::new();
    let mut steps = Vec::new();
    for place in 0..MAX_STEPS {
        let get = |field: &str| data.get(&format!("steps.{place}.{field}")).to_owned();
        let word = get("kind");
        let power = Power::parse(&word).map(|power| power.word().to_owned());
        let step = StepText {
            kind: if power.is_some() { "power".to_owned() } else { word },
            power: power.unwrap_or_default(),
            command: get("command"),
            wait: get("wait_seconds"),
            go_on: data.checked(&format!("steps.{place}.go_on")),
        };
        if !step.is_blank() {
            places.push(place);
            steps.push(step);
        }
    }
    let text = ScheduleText {
        name: data.get("name").to_owned(),
        cron: data.get("cron").to_owned(),
        steps,
    };
    (text, places)
}

/// Mistakes by the rows of the form, where blank ones may stand between.
fn in_rows(errors: FieldErrors, places: &[usize]) -> FieldErrors {
    let renamed = errors.0.into_iter().map(|mut error| {
        if let Some((place, field)) = error
            .field
            .strip_prefix("steps.")
            .and_then(|rest| rest.split_once('.'))
            && let Some(row) = place.parse().ok().and_then(|place: usize| places.get(place))
        {
            error.field = format!("steps.{row}.{field}");
        } else if error.field == "steps" {
            "steps.0.kind".clone_into(&mut error.field);
        }
        error
    });
    FieldErrors(renamed.collect())
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
    let seen: Option<i64> = data.get("version").parse().ok();
    let check = |version: i64| match seen {
        Some(seen) if seen != version => Err(Error::PreconditionFailed),
        _ => Ok(()),
    };
    let saved = data
        .submit(actions::change(&app, &scope, (server, id), change, check))
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
