//! Canned replies for staff: all of them, one in its form, and one as a ticket's answer.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{CannedReplyId, TicketId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther, mistakes};
use crate::tickets;
use crate::tickets::extras::{crumbs, href};

use super::model::{Canned, VARIABLES, Wish};
use super::{actions, store};

const HOME: &str = "/staff/tickets/canned";

fn below(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("Tickets", "/staff/tickets"), ("Canned replies", HOME)])
}

#[derive(Template)]
#[template(path = "tickets/extras/canned.html")]
pub(super) struct List {
    ctx: Ctx,
    all: Vec<Canned>,
    may_manage: bool,
}

/// Lists them.
pub(super) async fn list(scope: StaffScope, ctx: Ctx) -> Result<Page<List>, Error> {
    let all = store::list(&mut scope.begin().await?).await?;
    Ok(Page(List {
        ctx: ctx.with_crumbs([("Tickets", "/staff/tickets")]),
        all,
        may_manage: scope.may(Permission::StaffTicketManage),
    }))
}

#[derive(Template)]
#[template(path = "tickets/extras/canned_form.html")]
pub(super) struct FormPage {
    ctx: Ctx,
    /// What it is called now; nothing where it is new.
    name: String,
    action: String,
    version: i64,
    form: FormState,
}

impl FormPage {
    fn new(ctx: Ctx, form: FormState) -> Page<Self> {
        Page(Self {
            ctx: below(ctx),
            name: String::new(),
            action: HOME.to_owned(),
            version: 1,
            form,
        })
    }

    fn of(ctx: Ctx, canned: Canned, again: Option<FormState>) -> Page<Self> {
        let filled = FormState::default()
            .with("name", canned.name.clone())
            .with("body", canned.body);
        Page(Self {
            ctx: below(ctx),
            name: canned.name,
            action: format!("{HOME}/{}", canned.id),
            version: canned.version,
            form: again.unwrap_or(filled),
        })
    }

    fn variables(&self) -> String {
        let said = VARIABLES.map(|(name, what)| format!("{{{name}}}: {what}"));
        format!("Markdown. Variables are {}.", said.join("; "))
    }
}

/// An empty form.
pub(super) async fn new(_: StaffScope, ctx: Ctx) -> Page<FormPage> {
    FormPage::new(ctx, FormState::default())
}

/// The form with what is there.
pub(super) async fn edit(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<CannedReplyId>,
) -> Result<Page<FormPage>, Error> {
    let canned = store::find(&mut scope.begin().await?, id).await?;
    Ok(FormPage::of(ctx, canned, None))
}

fn wish(data: &FormData) -> Result<Wish, Error> {
    Wish::parse(data.get("name"), data.get("body")).map_err(Error::Invalid)
}

/// Keeps a new one.
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(actions::create(&app, &scope, wish(&data))).await {
        Ok(new) => Ok(SeeOther::to(HOME)
            .good(format!("{} is kept.", new.name))
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            Ok(FormPage::new(ctx, FormState::new(data, errors)).status(status))
        }
    }
}

/// Saves one.
pub(super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<CannedReplyId>,
    data: FormData,
) -> Result<Response, Error> {
    let typed = wish(&data);
    let saved = actions::change(&app, &scope, id, |_| typed, data.has_seen());
    match data.submit(saved).await {
        Ok(_) => Ok(SeeOther::to(HOME).good("Saved.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let canned = store::find(&mut scope.begin().await?, id).await?;
            Ok(FormPage::of(ctx, canned, Some(FormState::new(data, errors))).status(status))
        }
    }
}

/// Takes one away.
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<CannedReplyId>,
) -> Result<SeeOther, Error> {
    let gone = actions::remove(&app, &scope, id).await?;
    Ok(SeeOther::to(HOME).good(format!("{} is deleted.", gone.name)))
}

/// Which reply a ticket's answer is to begin with.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Chosen {
    canned: Option<CannedReplyId>,
}

#[derive(Template)]
#[template(path = "tickets/extras/canned_fill.html")]
pub(super) struct Filled {
    ctx: Ctx,
    label: String,
    base: String,
    text: String,
}

/// A ticket's answer as a reply begins it: the page's script takes its field, and who has no script answers here.
pub(super) async fn fill(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    Query(chosen): Query<Chosen>,
) -> Result<Page<Filled>, Error> {
    let text = match chosen.canned {
        Some(canned) => actions::fill(&scope, id, canned).await?,
        None => String::new(),
    };
    let ticket = tickets::find(&mut scope.begin().await?, id).await?;
    Ok(Page(Filled {
        ctx: crumbs(ctx, &scope, &ticket),
        label: ticket.label(),
        base: href(&scope, &ticket),
        text,
    }))
}
