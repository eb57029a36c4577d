//! Several servers at once: chosen in the list, asked about once more with their names, and watched together afterwards.
//! Works without script: the list's boxes belong to one form that leads to the question.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther};
use crate::usage;

use super::super::actions::{self, AT_ONCE, Bulk};
use super::super::model::{Server, Tags};
use super::super::query::ServerQuery;
use super::super::store;
use super::head::crumbs;
use super::list::{Row, know, may_pick};
use super::power::Button;

/// The buttons for what is chosen.
#[derive(Debug)]
pub struct Bar {
    pub(super) may_power: bool,
    pub(super) may_configure: bool,
    /// The same page with everything chosen.
    pub(super) all: Option<String>,
}

impl Bar {
    pub(super) fn new(scope: &TenantScope, query: Option<&ServerQuery>) -> Self {
        let all = query.map(|query| format!("{}&select=page", query.address()));
        Self {
            may_power: scope.may(Permission::ServerPower),
            may_configure: scope.may(Permission::ServerConfigure),
            all,
        }
    }
}

/// What is asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    #[default]
    Start,
    Stop,
    Restart,
    Kill,
    Tags,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Restart => "Restart",
            Self::Kill => "Kill",
            Self::Tags => "Tag",
        }
    }

    /// What becomes of each.
    fn meaning(self) -> &'static str {
        match self {
            Self::Start => "Each of them starts.",
            Self::Stop => "Each of them ends in good order, and answers nobody until it is started again.",
            Self::Restart => {
                "Each of them ends in good order and starts again; until then it answers nobody."
            }
            Self::Kill => {
                "Each of them ends at once, without finishing what it does. A database may have to repair itself at its \
                 next start. Stop asks them to end by themselves."
            }
            Self::Tags => "Each of them gets and loses these tags. The others that it has stay.",
        }
    }

    fn action(self, slug: &str) -> String {
        match self {
            Self::Tags => format!("/t/{slug}/servers/bulk/tags"),
            verb => format!("/t/{slug}/servers/bulk/actions/{}", verb.word().to_lowercase()),
        }
    }
}

/// What the list's form sends.
#[derive(Debug, Deserialize)]
pub struct Choice {
    #[serde(default)]
    action: Verb,
    #[serde(default)]
    server: Vec<ServerId>,
}

#[derive(Template)]
#[template(path = "servers/several_ask.html")]
pub struct Ask {
    ctx: Ctx,
    verb: Verb,
    title: String,
    action: String,
    back: String,
    servers: Vec<(ServerId, String)>,
    form: FormState,
}

/// Asks once more, with the names.
pub async fn ask(
    scope: TenantScope,
    ctx: Ctx,
    Path(slug): Path<String>,
    Query(choice): Query<Choice>,
) -> Result<Response, Error> {
    let form = FormState::default();
    question(&scope, ctx, &slug, choice, form).await
}

/// The question, or the way back to the list if nothing was chosen.
async fn question(
    scope: &TenantScope,
    ctx: Ctx,
    slug: &str,
    choice: Choice,
    form: FormState,
) -> Result<Response, Error> {
    let back = format!("/t/{slug}/servers");
    let verb = choice.action;
    let mut tx = scope.begin().await?;
    let servers = store::names(&mut tx, &choice.server).await?;
    let count = i64::try_from(servers.len()).unwrap_or(i64::MAX);
    if count == 0 || count > AT_ONCE {
        let words =
            format!("Choose between 1 and {AT_ONCE} servers first: check the boxes before their names.");
        return Ok(SeeOther::to(back).bad(words).into_response());
    }
    let noun = if count == 1 { "server" } else { "servers" };
    let status = if form.errors().is_empty() { 200 } else { 422 };
    let page = Page(Ask {
        ctx: crumbs(ctx, scope),
        title: format!("{} {count} {noun}?", verb.word()),
        action: verb.action(slug),
        verb,
        back,
        servers,
        form,
    });
    Ok(page.status(status))
}

#[derive(Debug)]
struct Refusal {
    href: String,
    name: String,
    text: String,
}

#[derive(Template)]
#[template(path = "servers/several.html")]
pub struct Several {
    ctx: Ctx,
    slug: String,
    title: String,
    sub: String,
    refusals: Vec<Refusal>,
    rows: Vec<Row>,
    may_pick: bool,
    bar: Bar,
    live: String,
}

/// Tells all of them what to do.
pub async fn act(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, button)): Path<(String, Button)>,
    data: FormData,
) -> Result<Response, Error> {
    let ids = chosen(&data);
    if ids.is_empty() {
        return Ok(nothing_chosen(&slug));
    }
    let (command, words) = button.command();
    let bulk = actions::command_all(&app, &scope, &ids, command).await?;
    result(&app, &scope, ctx, (words, "begun"), bulk).await
}

/// Changes the tags of all of them.
pub async fn tag(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path(slug): Path<String>,
    data: FormData,
) -> Result<Response, Error> {
    let ids = chosen(&data);
    if ids.is_empty() {
        return Ok(nothing_chosen(&slug));
    }
    match data.submit(retag(&app, &scope, &ids, &data)).await {
        Ok(bulk) => result(&app, &scope, ctx, ("Tagging.", "done"), bulk).await,
        Err(Error::Invalid(errors)) => {
            let choice = Choice {
                action: Verb::Tags,
                server: ids,
            };
            let form = FormState::new(data, errors);
            question(&scope, ctx, &slug, choice, form).await
        }
        Err(error) => Err(error),
    }
}

async fn retag(app: &App, scope: &TenantScope, ids: &[ServerId], data: &FormData) -> Result<Bulk, Error> {
    let mut errors = FieldErrors::default();
    let add = errors.check("add", Tags::parse_line(data.get("add")));
    let remove = errors.check("remove", Tags::parse_line(data.get("remove")));
    errors.into_result()?;
    let (add, remove) = (add.unwrap_or_default(), remove.unwrap_or_default());
    if add.is_empty() && remove.is_empty() {
        return Err(Error::invalid("add", "Write a tag to add, or one to remove."));
    }
    actions::retag_all(app, scope, ids, (&add, &remove)).await
}

/// The servers whose boxes were checked.
pub(super) fn chosen(data: &FormData) -> Vec<ServerId> {
    data.all("server").filter_map(|id| id.parse().ok()).collect()
}

fn nothing_chosen(slug: &str) -> Response {
    let to = SeeOther::to(format!("/t/{slug}/servers"));
    to.bad("Choose at least one server first.").into_response()
}

/// What came of it, with the servers as they are and as they become.
async fn result(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (title, word): (&str, &str),
    bulk: Bulk,
) -> Result<Response, Error> {
    let slug = scope.member.slug.clone();
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let ids: Vec<ServerId> = bulk.lines.iter().map(|line| line.id).collect();
    let servers = store::several(&mut tx, &ids).await?;
    know(app, &mut tx, &servers).await?;
    let now = app.now();
    let mut sparks = usage::sparks(&mut tx, &servers, now).await?;
    let mut row = |server: &Server| {
        let sparks = sparks.remove(&server.id).unwrap_or_default();
        Row::new(app, scope, server, sparks, now)
    };
    let sub = format!("{} of {} {word}", bulk.begun(), bulk.lines.len());
    let refusal = |line: actions::Line| {
        Some(Refusal {
            href: super::href(&slug, line.id),
            name: line.name,
            text: line.outcome.err()?,
        })
    };
    let page = Page(Several {
        ctx: crumbs(ctx, scope),
        title: title.trim_end_matches('.').to_owned(),
        sub,
        rows: servers.iter().map(&mut row).collect(),
        refusals: bulk.lines.into_iter().filter_map(refusal).collect(),
        may_pick: may_pick(scope),
        bar: Bar::new(scope, None),
        live: format!("/t/{slug}/servers/live?after={newest}"),
        slug,
    });
    Ok(page.into_response())
}
