//! A ticket as staff see it: the conversation with its notes, and beside it what is changed and done.

use askama::Template;
use axum::extract::State as Of;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::breakdowns::{self, BreakdownView};
use crate::platform::access::{Permission, StaffScope};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, TicketId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, Query, SeeOther, mistakes};

use super::super::attachments::FormWithFiles;
use super::super::model::{Side, State, Ticket};
use super::super::{
    Assignee, ExtrasView, Patch, Severity, change_by_staff, extras_panel, give_to_tenant, note_by_staff,
    reply_by_staff, store, take as take_ticket,
};
use super::facts::Head;
use super::parts::{Choice, severities};
use super::presence::{self, Typing};
use super::talk::{Talk, Until};
use super::things::Things;
use super::watch;

#[derive(Template)]
#[template(path = "tickets/staff_show.html")]
pub(super) struct Show {
    ctx: Ctx,
    base: String,
    title: String,
    number: i64,
    whose: String,
    source: &'static str,
    assignee: String,
    version: String,
    facts: Head,
    talk: Talk,
    typing: Typing,
    things: Things,
    watchers: Vec<watch::Line>,
    breakdown: Option<BreakdownView>,
    extras: ExtrasView,
    /// The ticket that goes on with it: where it is, and what it is called.
    merged: Option<(String, String)>,
    states: Vec<Choice>,
    afterwards: Vec<Choice>,
    severities: Vec<Choice>,
    assignees: Vec<Choice>,
    is_triage: bool,
    tenants: Vec<Choice>,
    is_note: bool,
    may_write: bool,
    form: FormState,
    side_form: FormState,
    live: String,
}

/// Which of the page's forms came back.
pub(super) enum Again {
    /// None; the conversation is looked at.
    Fresh(Until),
    /// The composer.
    Post(FormState),
    /// What is changed beside it.
    Side(FormState),
}

fn filled(ticket: &Ticket) -> FormState {
    FormState::default()
        .with("team", ticket.team.clone().unwrap_or_default())
        .with("tags", ticket.tags.join(" "))
        .with("subject", ticket.subject.clone())
        .with("state", ticket.state.word())
        .with("severity", ticket.severity.word())
        .with(
            "assignee",
            ticket
                .assignee
                .map_or_else(|| "none".to_owned(), |user| user.to_string()),
        )
}

/// The states that staff may bring it to, after what stands first.
fn next_states(ticket: &Ticket, first: (&'static str, &'static str)) -> Vec<(&'static str, &'static str)> {
    let next = ticket.state.next(Side::Staff).into_iter();
    [first]
        .into_iter()
        .chain(next.map(|state| (state.word(), state.label())))
        .collect()
}

async fn merged(tx: &mut StaffTx, ticket: &Ticket) -> Result<Option<(String, String)>, Error> {
    let Some(into) = ticket.merged_into else {
        return Ok(None);
    };
    let other = store::find(tx, into).await?;
    Ok(Some((super::staff_href(into), other.label())))
}

async fn people(tx: &mut StaffTx, form: &FormState) -> Result<Vec<Choice>, Error> {
    let staff = store::staff(tx).await?.into_iter();
    let staff = staff.map(|one| (one.id.to_string(), one.name));
    let nobody = ("none".to_owned(), "Nobody".to_owned());
    Ok(Choice::all(
        [nobody].into_iter().chain(staff),
        form.value("assignee"),
    ))
}

/// To whom a ticket of triage can be given.
async fn tenants(tx: &mut StaffTx, ticket: &Ticket) -> Result<Vec<Choice>, Error> {
    if ticket.tenant.is_some() {
        return Ok(Vec::new());
    }
    let all = store::pages::tenants_offered(tx).await?.into_iter();
    Ok(Choice::all(all.map(|(id, name)| (id.to_string(), name)), ""))
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: TicketId,
    again: Again,
) -> Result<Page<Show>, Error> {
    let (mut tx, now) = (scope.begin().await?, app.now());
    let newest = events::newest(&mut tx).await?;
    let ticket = store::find(&mut tx, id).await?;
    let (form, side_form, until) = match again {
        Again::Fresh(until) => (FormState::default(), filled(&ticket), until),
        Again::Post(form) => (form, filled(&ticket), Until::default()),
        Again::Side(form) => (FormState::default(), form, Until::default()),
    };
    let present = (ticket.state.word(), ticket.state.label());
    let base = super::staff_href(id);
    let talk = Talk::load(&mut tx, (id, &base), until, now).await?;
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("Tickets", "/staff/tickets")]),
        facts: Head::load(&mut tx, &ticket, now).await?,
        typing: Typing::load(&mut tx, id, scope.actor.user, now).await?,
        things: Things::load(&mut tx, id, "/staff", now).await?,
        watchers: watch::lines(&mut tx, id).await?,
        breakdown: breakdowns::panel(&mut tx, scope, &ticket).await?,
        extras: extras_panel(app, &mut tx, &ticket, scope).await?,
        merged: merged(&mut tx, &ticket).await?,
        states: Choice::all(next_states(&ticket, present), side_form.value("state")),
        afterwards: Choice::all(
            next_states(&ticket, ("", "State goes by itself")),
            form.value("state"),
        ),
        severities: Choice::all(severities(None), side_form.value("severity")),
        assignees: people(&mut tx, &side_form).await?,
        is_triage: ticket.tenant.is_none(),
        tenants: tenants(&mut tx, &ticket).await?,
        is_note: form.value("kind") == "note",
        may_write: scope.may(Permission::StaffTicketWrite),
        live: format!("{base}/live?after={newest}{}", talk.mark()),
        talk,
        version: side_form.version(ticket.version),
        title: ticket.label(),
        number: ticket.number,
        source: ticket.source.label(),
        whose: ticket
            .tenant_name
            .unwrap_or_else(|| "In triage: nobody's yet".to_owned()),
        assignee: ticket.assignee_name.unwrap_or_else(|| "Nobody".to_owned()),
        base,
        form,
        side_form,
    }))
}

/// Shows it.
pub(super) async fn show(
    Of(app): Of<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    Query(until): Query<Until>,
) -> Result<Page<Show>, Error> {
    page(&app, &scope, ctx, id, Again::Fresh(until)).await
}

/// A state that was chosen, or none.
fn chosen<T>(text: &str, parse: fn(&str) -> Result<T, String>, field: &str) -> Result<Option<T>, Error> {
    match text {
        "" => Ok(None),
        text => parse(text).map(Some).map_err(|why| Error::invalid(field, why)),
    }
}

async fn written(app: &App, scope: &StaffScope, id: TicketId, sent: &FormWithFiles) -> Result<bool, Error> {
    let (data, files) = (&sent.data, sent.files()?);
    let is_note = data.get("kind") == "note";
    if is_note {
        note_by_staff(app, scope, id, data.get("body"), files).await?;
    } else {
        let then = chosen(data.get("state"), State::parse, "state")?;
        reply_by_staff(app, scope, id, data.get("body"), then, files).await?;
    }
    presence::over(scope, id).await?;
    Ok(is_note)
}

/// Answers, or writes a note.
pub(super) async fn post(
    Of(app): Of<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    sent: FormWithFiles,
) -> Result<Response, Error> {
    match sent.data.submit(written(&app, &scope, id, &sent)).await {
        Ok(is_note) => {
            let words = if is_note {
                "The note is there. The customer does not see it."
            } else {
                "The reply is sent."
            };
            Ok(SeeOther::to(super::staff_href(id)).good(words).into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Again::Post(FormState::new(sent.data, errors));
            Ok(page(&app, &scope, ctx, id, again).await?.status(status))
        }
    }
}

fn patch(data: &FormData) -> Result<Patch, Error> {
    let words = data.get("tags").split([' ', ',']).map(str::to_owned);
    Ok(Patch {
        subject: Some(data.get("subject").to_owned()),
        severity: chosen(data.get("severity"), Severity::parse, "severity")?,
        state: chosen(data.get("state"), State::parse, "state")?,
        assignee: Some(Assignee::parse(data.get("assignee"))?),
        team: Some(data.get("team").to_owned()),
        tags: Some(words.collect()),
        add_tag: None,
    })
}

/// Saves what stands beside it.
pub(super) async fn save(
    Of(app): Of<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<Response, Error> {
    let saved = async { change_by_staff(&app, &scope, id, patch(&data)?, data.has_seen()).await };
    match data.submit(saved).await {
        Ok(_) => Ok(SeeOther::to(super::staff_href(id)).good("Saved.").into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Again::Side(FormState::new(data, errors));
            Ok(page(&app, &scope, ctx, id, again).await?.status(status))
        }
    }
}

/// Takes it.
pub(super) async fn take(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(super::staff_href(id));
    match take_ticket(&app, &scope, id).await {
        Ok(_) => Ok(to.good("The ticket is yours.")),
        Err(error) => to.refused_or_invalid(error),
    }
}

/// Gives it to the tenant that it is about.
pub(super) async fn give(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(super::staff_href(id));
    let Ok(tenant) = data.get("tenant").parse::<TenantId>() else {
        return Ok(to.bad("Choose a tenant."));
    };
    let mut tx = scope.begin().await?;
    match give_to_tenant(&app, &mut tx, &scope.who, id, tenant).await {
        Ok(ticket) => {
            tx.commit().await?;
            Ok(to.good(format!(
                "{} reads it from now on.",
                ticket.tenant_name.unwrap_or_default()
            )))
        }
        Err(error) => to.refused_or_invalid(error),
    }
}
