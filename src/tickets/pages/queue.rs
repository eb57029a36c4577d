//! The staff's queue: all tenants' tickets, what is due first at the top.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TicketId, TicketPostId};
use crate::platform::web::{Ctx, Fragment, LastSeen, Page, Query, ago};

use super::super::model::Ticket;
use super::super::query::TicketQuery;
use super::super::{store, views};
use super::countdown::clock;
use super::live::follow;
use super::parts::{Choice, Facts, Since, html, place, severities, states, subject};

const HOME: &str = "/staff/tickets";

/// What was promised and is due next.
#[derive(Debug)]
pub(super) struct Due {
    iso: String,
    words: String,
    what: String,
    is_late: bool,
}

impl Due {
    /// That of a ticket, if its clocks run.
    pub(super) fn of(ticket: &Ticket, now: DateTime<Utc>) -> Option<Self> {
        let at = ticket.due_at.filter(|_| ticket.state.is_open())?;
        let what = ticket.due_what.as_deref().unwrap_or_default();
        Some(Self {
            iso: at.to_rfc3339(),
            words: clock(at, now),
            what: what.replace('_', " "),
            is_late: at < now,
        })
    }
}

/// One line of the queue; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "tickets/queue_row.html")]
struct Row {
    id: String,
    href: String,
    number: i64,
    subject: String,
    tenant: String,
    tags: Vec<String>,
    facts: Facts,
    assignee: String,
    team: String,
    due: Option<Due>,
    changed: String,
    changed_ago: String,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    /// `place` is where the words are that the list is asked for, if they stand in a post.
    fn new(scope: &StaffScope, (ticket, place): (Ticket, Option<TicketPostId>), now: DateTime<Utc>) -> Self {
        Self {
            id: ticket.id.to_string(),
            href: format!("{HOME}/{}{}", ticket.id, store::place_in(place)),
            number: ticket.number,
            facts: Facts::new(&ticket, now),
            due: Due::of(&ticket, now),
            changed: ticket.changed_at.to_rfc3339(),
            changed_ago: ago(ticket.changed_at, now),
            subject: ticket.subject,
            tenant: ticket.tenant_name.unwrap_or_else(|| "Triage".to_owned()),
            tags: ticket.tags,
            assignee: ticket.assignee_name.unwrap_or_default(),
            team: ticket.team.unwrap_or_default(),
            may_write: scope.may(Permission::StaffTicketWrite),
        }
    }
}

/// A view to go to: one that everybody has, or a saved one.
struct Tab {
    label: String,
    href: String,
    is_current: bool,
}

/// The views that need not be saved: their names and queries.
const ALWAYS: [(&str, &str); 5] = [
    ("Open", ""),
    ("Mine", "assignee=me"),
    ("Nobody's", "assignee=none"),
    ("Overdue", "overdue=true"),
    ("Triage", "triage=true"),
];

fn tabs(saved: Vec<views::View>, kept: &str) -> Vec<Tab> {
    let tab = |label: String, query: &str| Tab {
        is_current: query == kept,
        href: if query.is_empty() {
            HOME.to_owned()
        } else {
            format!("{HOME}?{query}")
        },
        label,
    };
    let always = ALWAYS
        .iter()
        .map(|(label, query)| tab((*label).to_owned(), query));
    let saved = saved.into_iter().map(|view| tab(view.name, &view.query));
    always.chain(saved).collect()
}

#[derive(Template)]
#[template(path = "tickets/queue.html")]
pub(super) struct Queue {
    ctx: Ctx,
    query: TicketQuery,
    views: Vec<Tab>,
    states: Vec<Choice>,
    severities: Vec<Choice>,
    assignees: Vec<Choice>,
    orders: Vec<Choice>,
    /// What can be done with several at once.
    give_to: Vec<Choice>,
    bring_to: Vec<Choice>,
    judge: Vec<Choice>,
    is_narrowed: bool,
    rows: Vec<Row>,
    next: String,
    /// This page, to come back to.
    back: String,
    /// What is asked for without the page of it, as a view keeps it.
    kept: String,
    may_write: bool,
    may_share: bool,
    live: String,
}

/// An order that goes by what only open tickets have is left out where others are shown, too: a filter was changed meanwhile.
fn fitting(mut query: TicketQuery, scope: &StaffScope, now: DateTime<Utc>) -> TicketQuery {
    if let Err(Error::Invalid(errors)) = query.check(scope.actor.user, now)
        && errors.get("sort").is_some()
    {
        query.list.sort = None;
    }
    query
}

/// What is asked for, whatever page of it.
fn kept(query: &TicketQuery) -> String {
    let mut whole = query.clone();
    whole.list.after = None;
    whole.list.limit = None;
    whole.address().trim_start_matches('?').to_owned()
}

/// Lists them.
pub(super) async fn queue(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    query: TicketQuery,
) -> Result<Page<Queue>, Error> {
    let now = app.now();
    let query = fitting(query, &scope, now);
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let listing = query.run(&mut tx, Some(scope.actor.user), now).await?;
    let shown: Vec<TicketId> = listing.items.iter().map(|ticket| ticket.id).collect();
    let found = store::places(&mut tx, query.list.text(), &shown).await?;
    let saved = views::of(&mut tx, &scope).await?;
    let staff = store::staff(&mut tx).await?;
    let people = || staff.iter().map(|one| (one.id.to_string(), one.name.clone()));
    let whom = |first: &str| {
        let named = [("", first), ("me", "Me"), ("none", "Nobody")];
        named.map(|(value, label)| (value.to_owned(), label.to_owned()))
    };
    let (filter, kept) = (&query.filter, kept(&query));
    let since = query.list.after.is_none().then(|| Since::now(now));
    Ok(Page(Queue {
        ctx,
        views: tabs(saved, &kept),
        states: Choice::all(states(&[("", "Open"), ("all", "Any state")]), &filter.state),
        severities: Choice::all(severities(Some("Any severity")), &filter.severity),
        assignees: Choice::all(whom("Anybody").into_iter().chain(people()), &filter.assignee),
        orders: Choice::all(ORDERS, query.list.sort.as_deref().unwrap_or_default()),
        give_to: Choice::all(whom("Assignee as it is").into_iter().chain(people()), ""),
        bring_to: Choice::all(states(&[("", "State as it is")]), ""),
        judge: Choice::all(severities(Some("Severity as it is")), ""),
        is_narrowed: query.is_narrowed() || !filter.state.is_empty(),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing
            .map(|ticket| {
                let place = found.get(&ticket.id).copied();
                Row::new(&scope, (ticket, place), now)
            })
            .items,
        back: format!("{HOME}{}", query.address()),
        may_write: scope.may(Permission::StaffTicketWrite),
        may_share: scope.may(Permission::StaffTicketManage),
        live: super::stream(HOME, &kept, newest, since),
        kept,
        query,
    }))
}

const ORDERS: [(&str, &str); 5] = [
    ("", "Usual order"),
    ("severity", "Worst first"),
    ("-changed", "Changed last"),
    ("-created", "Newest first"),
    ("created", "Oldest first"),
];

/// The queue's stream: a row for each change, and for each new ticket that the queue is asked for.
pub(super) async fn live(
    State(app): State<App>,
    scope: StaffScope,
    Query(since): Query<Since>,
    mut query: TicketQuery,
    seen: LastSeen,
) -> Result<Response, Error> {
    // In a stream's address it is the last event.
    query.list.after = None;
    follow(app, scope, seen, move |app, scope, event| {
        let query = query.clone();
        async move {
            let Some(id) = subject(&event) else {
                return Ok(None);
            };
            let (mut tx, now) = (scope.begin().await?, app.now());
            let ticket = match store::find(&mut tx, id).await {
                Err(Error::NotFound) => return Ok(Some(Fragment::default().remove(&id.to_string()))),
                other => other?,
            };
            let is_new = since.may_lack(&ticket) && {
                let page = query.run(&mut tx, Some(scope.actor.user), now).await?;
                page.items.iter().any(|one| one.id == id)
            };
            let found = store::places(&mut tx, query.list.text(), &[id]).await?;
            let ticket = (ticket, found.get(&id).copied());
            let row = html(&Row::new(&scope, ticket, now))?;
            Ok(Some(place(id, &row, is_new)))
        }
    })
    .await
}
