//! The tenant's tickets.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TicketId, TicketPostId};
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Query, ago, first_href};

use super::super::model::Ticket;
use super::super::query::TenantTicketQuery;
use super::super::store;
use super::parts::{Choice, Facts, Since, html, place, states, subject};

/// One line of the list; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "tickets/row.html")]
struct Row {
    id: String,
    href: String,
    number: i64,
    subject: String,
    facts: Facts,
    changed: String,
    changed_ago: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    /// `place` is where the words are that the list is asked for, if they stand in a post.
    fn new(scope: &TenantScope, (ticket, place): (Ticket, Option<TicketPostId>), now: DateTime<Utc>) -> Self {
        Self {
            id: ticket.id.to_string(),
            href: format!(
                "{}{}",
                super::href(&scope.member.slug, ticket.id),
                store::place_in(place)
            ),
            number: ticket.number,
            facts: Facts::new(&ticket, now),
            changed: ticket.changed_at.to_rfc3339(),
            changed_ago: ago(ticket.changed_at, now),
            subject: ticket.subject,
        }
    }
}

#[derive(Template)]
#[template(path = "tickets/list.html")]
pub(super) struct List {
    ctx: Ctx,
    base: String,
    query: TenantTicketQuery,
    states: Vec<Choice>,
    orders: Vec<Choice>,
    is_narrowed: bool,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
    live: String,
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: TenantTicketQuery,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let listing = query.run(&mut tx, scope.tenant()).await?;
    let shown: Vec<TicketId> = listing.items.iter().map(|ticket| ticket.id).collect();
    let found = store::places(&mut tx, query.list.text(), &shown).await?;
    let (now, base) = (app.now(), format!("/t/{}/tickets", scope.member.slug));
    let order = query.list.sort.as_deref().unwrap_or_default();
    let since = query.list.after.is_none().then(|| Since::now(now));
    let asked = first_href(&query);
    Ok(Page(List {
        ctx,
        states: Choice::all(
            states(&[("", "Any state"), ("open", "Open")]),
            &query.filter.state,
        ),
        orders: Choice::all(
            [
                ("", "Changed last"),
                ("-created", "Newest first"),
                ("created", "Oldest first"),
            ],
            order,
        ),
        is_narrowed: !query.list.text().is_empty() || !query.filter.state.is_empty(),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing
            .map(|ticket| {
                let place = found.get(&ticket.id).copied();
                Row::new(&scope, (ticket, place), now)
            })
            .items,
        may_write: scope.may(Permission::TicketWrite),
        live: super::stream(&base, &asked, newest, since),
        base,
        query,
    }))
}

/// The list's stream: a row for each change, and for each new ticket that the list is asked for.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    Query(since): Query<Since>,
    mut query: TenantTicketQuery,
    seen: LastSeen,
) -> Result<Response, Error> {
    // In a stream's address it is the last event.
    query.list.after = None;
    app.live(&scope, seen, move |app, scope, event| {
        let query = query.clone();
        async move {
            let is_ours = event.tenant_id == Some(scope.tenant().0);
            let Some(id) = subject(&event).filter(|_| is_ours) else {
                return Ok(None);
            };
            let mut tx = scope.begin().await?;
            let ticket = match store::find(&mut tx, id).await {
                Err(Error::NotFound) => return Ok(Some(Fragment::default().remove(&id.to_string()))),
                other => other?,
            };
            let is_new = since.may_lack(&ticket) && {
                let page = query.run(&mut tx, scope.tenant()).await?;
                page.items.iter().any(|one| one.id == id)
            };
            let found = store::places(&mut tx, query.list.text(), &[id]).await?;
            let ticket = (ticket, found.get(&id).copied());
            let row = html(&Row::new(&scope, ticket, app.now()))?;
            Ok(Some(place(id, &row, is_new)))
        }
    })
    .await
}
