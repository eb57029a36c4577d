//! The customer's answer, and what all of them said for staff.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::TicketId;
use crate::platform::web::{
    Ctx, Cursor, FormData, FormState, ListQuery, Listing, Page, PageQuery, Path, Query, SeeOther, ago,
    mistakes,
};
use crate::tickets;
use crate::tickets::extras::{crumbs, href};

use super::actions;
use super::model::{Answer, Month, may_answer};
use super::store::{self, Answered};

#[derive(Template)]
#[template(path = "tickets/extras/satisfaction.html")]
pub(super) struct Question {
    ctx: Ctx,
    label: String,
    base: String,
    /// Why nothing can be said now; empty if something can.
    refusal: String,
    form: FormState,
}

async fn page(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    (id, again): (TicketId, Option<FormState>),
) -> Result<Page<Question>, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::find(&mut tx, id).await?;
    let before = store::of_ticket(&mut tx, id).await?;
    let refused = may_answer(&ticket, before.as_ref(), app.now()).err();
    let filled = || match before {
        Some(before) => FormState::default()
            .with("rating", before.tone())
            .with("words", before.words),
        None => FormState::default(),
    };
    Ok(Page(Question {
        ctx: crumbs(ctx, scope, &ticket),
        label: ticket.label(),
        base: href(scope, &ticket),
        refusal: refused.map(|error| error.sentence()).unwrap_or_default(),
        form: again.unwrap_or_else(filled),
    }))
}

/// Asks how it went.
pub(super) async fn form(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, TicketId)>,
) -> Result<Page<Question>, Error> {
    page(&app, &scope, ctx, (id, None)).await
}

/// Keeps the answer.
pub(super) async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, TicketId)>,
    data: FormData,
) -> Result<Response, Error> {
    let answer = Answer::parse(data.get("rating"), data.get("words"));
    match data.submit(actions::answer(&app, &scope, id, answer)).await {
        Ok(_) => {
            let to = SeeOther::to(format!("/t/{slug}/tickets/{id}"));
            Ok(to.good("Thank you.").into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Some(FormState::new(data, errors));
            Ok(page(&app, &scope, ctx, (id, again)).await?.status(status))
        }
    }
}

/// An answer on the page.
struct Row {
    href: String,
    label: String,
    tenant: String,
    tone: &'static str,
    word: &'static str,
    words: String,
    at: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "tickets/extras/satisfaction_months.html")]
pub(super) struct AllMonths {
    ctx: Ctx,
    months: Vec<Month>,
    rows: Vec<Row>,
    next: String,
}

/// A page of what customers said.
pub(super) async fn listing(scope: &StaffScope, query: &ListQuery) -> Result<Listing<Answered>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let mut tx = scope.begin().await?;
    let rows = store::list(&mut tx, before, query.fetch()?).await?;
    Listing::new(rows, query, |said| (said.said.answered_at, said.ticket.0))
}

/// Shows months and answers.
pub(super) async fn months(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<AllMonths>, Error> {
    let query = ListQuery::from(query);
    let listing = listing(&scope, &query).await?;
    let now = app.now();
    let row = |one: Answered| Row {
        href: format!("/staff/tickets/{}", one.ticket),
        label: format!("#{} {}", one.number, one.subject),
        tenant: one.tenant.unwrap_or_default(),
        tone: one.said.tone(),
        word: one.said.label(),
        words: one.said.words,
        at: one.said.answered_at.to_rfc3339(),
        ago: ago(one.said.answered_at, now),
    };
    Ok(Page(AllMonths {
        ctx: ctx.with_crumbs([("Tickets", "/staff/tickets")]),
        months: store::months(&mut scope.begin().await?).await?,
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.map(row).items,
    }))
}
