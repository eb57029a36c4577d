//! Chains: the list, and the form of one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::EscalationId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::super::actions;
use super::super::model::{Aim, Chain, ChainText, LevelIn, MAX_LEVELS, USUAL_WAIT};
use super::super::store;
use super::{Area, Choice, crumbs, people};

const BASE: &str = "/staff/on-call/chains";

fn href(id: EscalationId) -> String {
    format!("{BASE}/{id}")
}

struct Row {
    href: String,
    name: String,
    is_default: bool,
    levels: String,
}

#[derive(Template)]
#[template(path = "on_call/chains.html")]
pub(super) struct List {
    ctx: Ctx,
    area: Area,
    rows: Vec<Row>,
}

/// Whom a level can page: the rotas first.
async fn aims(app: &App, tx: &mut impl Scoped) -> Result<Vec<Choice>, Error> {
    let rotas = store::rotas(tx, app.now()).await?.into_iter().map(|rota| Choice {
        value: rota.id.to_string(),
        label: format!("Rota {}", rota.name),
    });
    let mut all: Vec<Choice> = rotas.collect();
    all.extend(people(tx).await?);
    Ok(all)
}

/// As forms write it.
fn value(aim: Aim) -> String {
    match aim {
        Aim::Rota(id) => id.to_string(),
        Aim::Person(id) => id.to_string(),
        Aim::Anybody => String::new(),
    }
}

fn levels(chain: &Chain, aims: &[Choice]) -> String {
    let name = |aim| {
        let value = value(aim);
        let known = aims.iter().find(|choice| choice.value == value);
        known.map_or("somebody who left", |choice| choice.label.as_str())
    };
    let all: Vec<_> = chain
        .levels
        .iter()
        .map(|level| format!("{} ({} min)", name(level.aim), level.wait))
        .collect();
    let again = match chain.repeats {
        0 => String::new(),
        1 => ", once more".to_owned(),
        many => format!(", {many} times more"),
    };
    format!("{}{again}", all.join(", then "))
}

/// Lists them.
pub(super) async fn list(State(app): State<App>, scope: StaffScope, ctx: Ctx) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let aims = aims(&app, &mut tx).await?;
    let chains = store::chains(&mut tx).await?;
    let rows = chains.iter().map(|chain| Row {
        href: href(chain.id),
        name: chain.name.clone(),
        is_default: chain.is_default,
        levels: levels(chain, &aims),
    });
    Ok(Page(List {
        ctx: crumbs(ctx),
        area: Area::new(&scope, "chains"),
        rows: rows.collect(),
    }))
}

#[derive(Template)]
#[template(path = "on_call/chain.html")]
pub(super) struct Show {
    ctx: Ctx,
    area: Area,
    /// What it is called now; nothing where it is new.
    name: String,
    is_default: bool,
    action: String,
    version: i64,
    aims: Vec<Choice>,
    form: FormState,
}

/// The fields of a level.
struct Fields {
    number: usize,
    aim: String,
    wait: String,
}

impl Show {
    fn levels(&self) -> Vec<Fields> {
        (0..MAX_LEVELS)
            .map(|place| Fields {
                number: place + 1,
                aim: format!("levels.{place}.aim"),
                wait: format!("levels.{place}.wait_minutes"),
            })
            .collect()
    }

    fn is_in(&self, field: &str, value: &str) -> bool {
        self.form.value(field) == value
    }
}

fn filled(text: &ChainText) -> FormState {
    let mut form = FormState::default()
        .with("name", text.name.as_str())
        .with("repeats", text.repeats.to_string());
    for place in 0..MAX_LEVELS {
        let level = text.levels.get(place);
        let aim = level.map(|level| {
            let rota = level.rota.map(|id| id.to_string());
            rota.or(level.person.map(|id| id.to_string())).unwrap_or_default()
        });
        let wait = level.map_or(USUAL_WAIT, |level| level.wait_minutes);
        form = form
            .with(&format!("levels.{place}.aim"), aim.unwrap_or_default())
            .with(&format!("levels.{place}.wait_minutes"), wait.to_string());
    }
    form
}

/// A chain as it was typed. Levels without anybody are left out.
fn typed(data: &FormData) -> ChainText {
    let levels = (0..MAX_LEVELS).filter_map(|place| {
        let aim = data.get(&format!("levels.{place}.aim"));
        let wait = data.get(&format!("levels.{place}.wait_minutes")).trim();
        (!aim.is_empty()).then(|| LevelIn {
            rota: aim.parse().ok(),
            person: aim.parse().ok(),
            // What is no number is no wait either, and is told as one.
            wait_minutes: wait.parse().unwrap_or(0),
        })
    });
    ChainText {
        name: data.get("name").to_owned(),
        repeats: data.get("repeats").trim().parse().unwrap_or(-1),
        levels: levels.collect(),
    }
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    chain: Option<&Chain>,
    form: FormState,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    Ok(Page(Show {
        ctx: crumbs(ctx),
        area: Area::new(scope, "chains"),
        name: chain.map(|chain| chain.name.clone()).unwrap_or_default(),
        is_default: chain.is_some_and(|chain| chain.is_default),
        action: chain.map_or_else(|| BASE.to_owned(), |chain| href(chain.id)),
        version: chain.map_or(1, |chain| chain.version),
        aims: aims(app, &mut tx).await?,
        form,
    }))
}

/// An empty form.
pub(super) async fn new(State(app): State<App>, scope: StaffScope, ctx: Ctx) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, None, filled(&ChainText::default())).await
}

/// Makes one.
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let text = typed(&data);
    match data.submit(actions::create_chain(&app, &scope, &text)).await {
        Ok(chain) => Ok(SeeOther::to(href(chain.id)).good("Created.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, None, form).await?.status(status))
        }
    }
}

/// Shows one.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<EscalationId>,
) -> Result<Page<Show>, Error> {
    let chain = store::chain(&mut scope.begin().await?, id).await?;
    let form = filled(&ChainText::from(&chain));
    page(&app, &scope, ctx, Some(&chain), form).await
}

/// Saves one.
pub(super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<EscalationId>,
    data: FormData,
) -> Result<Response, Error> {
    let text = typed(&data);
    let saved = actions::change_chain(&app, &scope, id, |_| text, data.has_seen());
    match data.submit(saved).await {
        Ok(_) => Ok(SeeOther::to(href(id)).good("Saved.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let chain = store::chain(&mut scope.begin().await?, id).await?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, Some(&chain), form).await?.status(status))
        }
    }
}

/// Takes one away.
pub(super) async fn delete(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<EscalationId>,
) -> Result<SeeOther, Error> {
    match actions::delete_chain(&app, &scope, id).await {
        Ok(()) => Ok(SeeOther::to(BASE).good("The chain was deleted.")),
        Err(error) => SeeOther::to(href(id)).refused(error),
    }
}

/// Lets tickets use one.
pub(super) async fn make_default(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<EscalationId>,
) -> Result<SeeOther, Error> {
    let chain = actions::make_default(&app, &scope, id).await?;
    Ok(SeeOther::to(BASE).good(format!("Tickets page by {} from now on.", chain.name)))
}
