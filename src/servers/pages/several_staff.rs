//! Several servers of any tenants at once: chosen in the list, asked about once more with their names, and done one by one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther};

use super::super::actions::{self, AT_ONCE};
use super::super::store;
use super::power::Button;
use super::several::chosen;
use super::update::BulkPage;

const LIST: &str = "/staff/servers";

/// What is asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verb {
    #[default]
    Start,
    Stop,
    Restart,
    Kill,
    Suspend,
}

impl Verb {
    fn word(self) -> &'static str {
        match self {
            Self::Start => "Start",
            Self::Stop => "Stop",
            Self::Restart => "Restart",
            Self::Kill => "Kill",
            Self::Suspend => "Suspend",
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
                 next start."
            }
            Self::Suspend => {
                "Each of them is stopped at once, and its tenant can't start it before it is resumed. Its data stays."
            }
        }
    }

    fn action(self) -> String {
        match self {
            Self::Suspend => format!("{LIST}/bulk/suspend"),
            verb => format!("{LIST}/bulk/actions/{}", verb.word().to_lowercase()),
        }
    }

    fn is_harsh(self) -> bool {
        matches!(self, Self::Kill | Self::Suspend)
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
#[template(path = "servers/staff_several.html")]
pub struct Ask {
    ctx: Ctx,
    verb: Verb,
    title: String,
    action: String,
    /// Id, name, and whose it is.
    servers: Vec<(ServerId, String, String)>,
    form: FormState,
}

/// Asks once more, with the names.
pub async fn ask(scope: StaffScope, ctx: Ctx, Query(choice): Query<Choice>) -> Result<Response, Error> {
    question(&scope, ctx, choice, FormState::default()).await
}

/// The question, or the way back to the list if nothing was chosen.
async fn question(scope: &StaffScope, ctx: Ctx, choice: Choice, form: FormState) -> Result<Response, Error> {
    let verb = choice.action;
    let mut tx = scope.begin().await?;
    let servers = store::several(&mut tx, &choice.server).await?;
    let count = i64::try_from(servers.len()).unwrap_or(i64::MAX);
    if count == 0 || count > AT_ONCE {
        let words =
            format!("Choose between 1 and {AT_ONCE} servers first: check the boxes before their names.");
        return Ok(SeeOther::to(LIST).bad(words).into_response());
    }
    let noun = if count == 1 { "server" } else { "servers" };
    let status = if form.errors().is_empty() { 200 } else { 422 };
    let page = Page(Ask {
        ctx: ctx.with_crumbs([("Servers", LIST)]),
        title: format!("{} {count} {noun}?", verb.word()),
        action: verb.action(),
        verb,
        servers: servers
            .into_iter()
            .map(|server| (server.id, server.name, server.tenant_name))
            .collect(),
        form,
    });
    Ok(page.status(status))
}

fn nothing_chosen() -> Response {
    let to = SeeOther::to(LIST);
    to.bad("Choose at least one server first.").into_response()
}

/// Tells all of them what to do.
pub async fn act(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(button): Path<Button>,
    data: FormData,
) -> Result<Response, Error> {
    let ids = chosen(&data);
    if ids.is_empty() {
        return Ok(nothing_chosen());
    }
    let (command, words) = button.command();
    let bulk = actions::command_all_as_staff(&app, &scope, &ids, command).await?;
    let title = words.trim_end_matches('.');
    Ok(BulkPage::new(ctx, title, LIST.to_owned(), bulk).into_response())
}

/// Suspends all of them, with a reason.
pub async fn suspend(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let ids = chosen(&data);
    if ids.is_empty() {
        return Ok(nothing_chosen());
    }
    let suspended = actions::suspend_all(&app, &scope, &ids, data.get("reason"));
    match data.submit(suspended).await {
        Ok(bulk) => Ok(BulkPage::new(ctx, "Suspending", LIST.to_owned(), bulk).into_response()),
        Err(Error::Invalid(errors)) => {
            let choice = Choice {
                action: Verb::Suspend,
                server: ids,
            };
            question(&scope, ctx, choice, FormState::new(data, errors)).await
        }
        Err(error) => Err(error),
    }
}
