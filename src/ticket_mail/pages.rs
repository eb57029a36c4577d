//! Mail of tickets for staff: what waits for somebody to say whose it is, what came in and what became of it, and what went out.

use askama::Template;
use axum::extract::State as Of;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::{OutboundMailId, TicketId};
use crate::platform::web::{Ctx, ListQuery, Page, PageQuery, Path, Query, SeeOther, ago};

use super::actions;
use super::model::{Logged, Outgoing, State};

const HOME: &str = "/staff/tickets/mail";

/// Of mail that came in.
struct InRow {
    mail: Logged,
    iso: String,
    ago: String,
}

fn in_rows(now: DateTime<Utc>) -> impl FnMut(Logged) -> InRow {
    move |mail| InRow {
        iso: mail.at.to_rfc3339(),
        ago: ago(mail.at, now),
        mail,
    }
}

fn crumbs(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("Tickets", "/staff/tickets".to_owned())])
}

/// How it is with the inbox, in a sentence, and whether that is bad.
async fn inbox(app: &App, scope: &StaffScope) -> Result<(String, bool), Error> {
    let (Some(inbox), Some(address)) = (&app.inbox, &app.config.ticket_address) else {
        let text = "No inbox is set, so nobody can write by mail. Name one by BERTH_TICKET_INBOX and BERTH_TICKET_ADDRESS.";
        return Ok((text.to_owned(), false));
    };
    let place = format!("{address} at {}", inbox.host());
    Ok(match actions::last_look(scope).await? {
        None => (format!("{place} was not looked into yet."), false),
        Some((at, None)) => (format!("{place}, looked into {}.", ago(at, app.now())), false),
        Some((_, Some(error))) => (
            format!("{place} can't be read: {error}. It is tried again."),
            true,
        ),
    })
}

#[derive(Template)]
#[template(path = "ticket_mail/triage.html")]
pub(super) struct TriagePage {
    ctx: Ctx,
    tab: &'static str,
    rows: Vec<InRow>,
    next: String,
    inbox: (String, bool),
    may_write: bool,
}

/// What waits.
pub(super) async fn triage(
    Of(app): Of<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<TriagePage>, Error> {
    let query = ListQuery::from(query);
    let listing = actions::triage(&scope, &query).await?;
    Ok(Page(TriagePage {
        ctx: crumbs(ctx),
        tab: "triage",
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.map(in_rows(app.now())).items,
        inbox: inbox(&app, &scope).await?,
        may_write: scope.may(Permission::StaffTicketWrite),
    }))
}

#[derive(Template)]
#[template(path = "ticket_mail/in.html")]
pub(super) struct InPage {
    ctx: Ctx,
    tab: &'static str,
    query: ListQuery,
    rows: Vec<InRow>,
    next: String,
    inbox: (String, bool),
}

/// What came in.
pub(super) async fn came_in(
    Of(app): Of<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<InPage>, Error> {
    let listing = actions::came_in(&scope, &query).await?;
    Ok(Page(InPage {
        ctx: crumbs(ctx),
        tab: "in",
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.map(in_rows(app.now())).items,
        query,
        inbox: inbox(&app, &scope).await?,
    }))
}

struct OutRow {
    mail: Outgoing,
    error: String,
    iso: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "ticket_mail/out.html")]
pub(super) struct OutPage {
    ctx: Ctx,
    tab: &'static str,
    query: ListQuery,
    rows: Vec<OutRow>,
    next: String,
    has_mailer: bool,
    may_write: bool,
}

/// What went out.
pub(super) async fn went_out(
    Of(app): Of<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<OutPage>, Error> {
    let listing = actions::went_out(&scope, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let now = app.now();
    let row = |mail: Outgoing| OutRow {
        error: mail.error.clone().unwrap_or_default(),
        iso: mail.created_at.to_rfc3339(),
        ago: ago(mail.created_at, now),
        mail,
    };
    Ok(Page(OutPage {
        ctx: crumbs(ctx),
        tab: "out",
        rows: listing.map(row).items,
        query,
        next,
        has_mailer: app.mailer.is_some(),
        may_write: scope.may(Permission::StaffTicketWrite),
    }))
}

/// Sends one again.
pub(super) async fn retry(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<OutboundMailId>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(format!("{HOME}/out"));
    match actions::retry(&app, &scope, id).await {
        Ok(mail) => Ok(to.info(format!("On its way to {}.", mail.recipient))),
        Err(error) => to.refused(error),
    }
}

/// Throws a ticket of triage away.
pub(super) async fn discard(
    Of(app): Of<App>,
    scope: StaffScope,
    Path(id): Path<TicketId>,
) -> Result<SeeOther, Error> {
    let to = SeeOther::to(HOME);
    match actions::discard(&app, &scope, id).await {
        Ok(ticket) => Ok(to.good(format!("#{} is closed.", ticket.number))),
        Err(error) => to.refused(error),
    }
}
