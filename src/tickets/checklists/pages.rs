//! Checklists for staff: the templates, and what is done with them on a ticket, whose page shows them.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{ChecklistId, TicketId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, mistakes};

use super::model::{Template as Kept, Wish};
use super::{actions, store};

const HOME: &str = "/staff/tickets/checklists";

fn below(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("Tickets", "/staff/tickets"), ("Checklists", HOME)])
}

#[derive(Template)]
#[template(path = "tickets/extras/checklists.html")]
pub(super) struct List {
    ctx: Ctx,
    all: Vec<Kept>,
    may_manage: bool,
}

/// Lists the templates.
pub(super) async fn list(scope: StaffScope, ctx: Ctx) -> Result<Page<List>, Error> {
    let all = store::list(&mut scope.begin().await?).await?;
    Ok(Page(List {
        ctx: ctx.with_crumbs([("Tickets", "/staff/tickets")]),
        all,
        may_manage: scope.may(Permission::StaffTicketManage),
    }))
}

#[derive(Template)]
#[template(path = "tickets/extras/checklist_form.html")]
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

    fn of(ctx: Ctx, kept: Kept, again: Option<FormState>) -> Page<Self> {
        let filled = FormState::default()
            .with("name", kept.name.clone())
            .with("items", kept.items.join("\n"));
        Page(Self {
            ctx: below(ctx),
            name: kept.name,
            action: format!("{HOME}/{}", kept.id),
            version: kept.version,
            form: again.unwrap_or(filled),
        })
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
    Path(id): Path<ChecklistId>,
) -> Result<Page<FormPage>, Error> {
    let kept = store::find(&mut scope.begin().await?, id).await?;
    Ok(FormPage::of(ctx, kept, None))
}

fn wish(data: &FormData) -> Result<Wish, Error> {
    Wish::parse(data.get("name"), data.get("items").lines()).map_err(Error::Invalid)
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
    Path(id): Path<ChecklistId>,
    data: FormData,
) -> Result<Response, Error> {
    let typed = wish(&data);
    let saved = actions::change(&app, &scope, id, |_| typed, data.has_seen());
    match data.submit(saved).await {
        Ok(_) => Ok(SeeOther::to(HOME).good("Saved.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let kept = store::find(&mut scope.begin().await?, id).await?;
            Ok(FormPage::of(ctx, kept, Some(FormState::new(data, errors))).status(status))
        }
    }
}

/// Takes one away.
pub(super) async fn remove(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ChecklistId>,
) -> Result<SeeOther, Error> {
    let gone = actions::remove(&app, &scope, id).await?;
    Ok(SeeOther::to(HOME).good(format!("{} is deleted.", gone.name)))
}

fn ticket_page(ticket: TicketId) -> SeeOther {
    SeeOther::to(format!("/staff/tickets/{ticket}"))
}

/// Copies a template to a ticket.
pub(super) async fn add(
    State(app): State<App>,
    scope: StaffScope,
    Path(ticket): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let to = ticket_page(ticket);
    let Ok(template) = data.get("template").parse() else {
        return Ok(to.warn("Choose a checklist first."));
    };
    match actions::add(&app, &scope, ticket, template).await {
        Ok(new) => Ok(to.good(format!("Added {}.", new.name))),
        Err(error) => to.refused_or_invalid(error),
    }
}

/// Says that an item is done, or not.
pub(super) async fn tick(
    State(app): State<App>,
    scope: StaffScope,
    Path((ticket, id, place)): Path<(TicketId, ChecklistId, i32)>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let is_done = data.get("done") == "true";
    actions::tick(&app, &scope, (ticket, id), (place, is_done)).await?;
    Ok(ticket_page(ticket))
}

/// Takes a checklist off a ticket.
pub(super) async fn take_off(
    State(app): State<App>,
    scope: StaffScope,
    Path((ticket, id)): Path<(TicketId, ChecklistId)>,
) -> Result<SeeOther, Error> {
    let gone = actions::take_off(&app, &scope, (ticket, id)).await?;
    Ok(ticket_page(ticket).good(format!("Removed {}.", gone.name)))
}
