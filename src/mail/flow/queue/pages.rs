//! The queue for people of staff.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::drivers::mail::{Queue, QueueAct, Queued};
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Listing, Page, Path, Query, SeeOther, ago, first_href};
use crate::usage::bytes;

use super::super::model::{self, Figures};
use super::super::service::away;
use super::actions::{self, MailQueueQuery, QueueState};
use super::api::id;

/// The queue's address.
pub(super) const HOME: &str = "/staff/mail/queue";
/// Domains that the page names.
const MOST_DOMAINS: usize = 10;

/// A mail as a page shows it.
pub struct Row {
    /// Its id.
    pub id: String,
    /// The colour of its state.
    pub look: &'static str,
    /// Its state.
    pub state: &'static str,
    /// Who sent it.
    pub sender: String,
    /// Who waits.
    pub to: String,
    /// Why the first of them has not got it.
    pub reason: String,
    /// Since when, for programs.
    pub arrived: String,
    /// Since when, for people.
    pub arrived_ago: String,
    /// How large it is.
    pub size: String,
}

impl Row {
    /// A mail's.
    pub fn new(one: Queued, now: DateTime<Utc>) -> Self {
        let (look, state) = match one.queue {
            Queue::Active => ("busy", "On its way"),
            Queue::Deferred => ("warn", "Deferred"),
            Queue::Held => ("idle", "Held"),
        };
        let to = match one.recipients.as_slice() {
            [] => "nobody".to_owned(),
            [only] => only.address.clone(),
            [first, rest @ ..] => format!("{} and {} more", first.address, rest.len()),
        };
        let reason = one.recipients.into_iter().find_map(|waiting| waiting.reason);
        Self {
            id: one.id.as_str().to_owned(),
            look,
            state,
            sender: sender(one.sender),
            to,
            reason: reason.unwrap_or_default(),
            arrived: one.arrived.to_rfc3339(),
            arrived_ago: ago(one.arrived, now),
            size: bytes(one.bytes),
        }
    }
}

fn sender(sender: String) -> String {
    if sender.is_empty() {
        "a mail server (bounce)".to_owned()
    } else {
        sender
    }
}

struct DomainRow {
    domain: String,
    count: usize,
    deferred: usize,
    oldest: String,
}

#[derive(Template)]
#[template(path = "mail/queue.html")]
pub(super) struct QueuePage {
    ctx: Ctx,
    query: MailQueueQuery,
    /// Why there is nothing to show; empty if there is.
    away: String,
    figures: Figures,
    size: String,
    oldest: String,
    domains: Vec<DomainRow>,
    rows: Vec<Row>,
    states: Vec<(&'static str, &'static str, bool)>,
    first: String,
    next: String,
    may_manage: bool,
}

impl QueuePage {
    /// Whether only held mail is shown.
    fn is_quarantine(&self) -> bool {
        self.query.state == Some(QueueState::Held)
    }

    fn title(&self) -> &'static str {
        if self.is_quarantine() {
            "Quarantine"
        } else {
            "Queue"
        }
    }

    fn sub(&self) -> &'static str {
        if self.is_quarantine() {
            "Mail that is held, of all tenants: spam beyond doubt, and what somebody keeps. Its people are the customers' own."
        } else {
            "Mail that waits, of all tenants. Held mail is the quarantine. Its people are the customers' own."
        }
    }

    fn tab(&self) -> &'static str {
        if self.is_quarantine() {
            "quarantine"
        } else {
            "queue"
        }
    }

    fn is_filtered(&self) -> bool {
        self.query.q.is_some() || self.query.state.is_some()
    }

    /// The address of the list in another order.
    fn sorted(&self, sort: &str) -> String {
        let query = MailQueueQuery {
            sort: Some(sort.to_owned()),
            after: None,
            ..self.query.clone()
        };
        first_href(&query)
    }

    fn direction(&self, sort: &str) -> &'static str {
        match self.query.sort.as_deref().unwrap_or("arrived") {
            now if now != sort => "",
            "arrived" | "sender" => "ascending",
            _ => "descending",
        }
    }

    /// Where the arrow of the time leads.
    fn other_time(&self) -> &'static str {
        match self.query.sort.as_deref() {
            None | Some("arrived") => "-arrived",
            _ => "arrived",
        }
    }

    fn time_direction(&self) -> &'static str {
        match self.query.sort.as_deref() {
            Some("-arrived") => "descending",
            None | Some("arrived") => "ascending",
            _ => "",
        }
    }
}

/// Lists what waits.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<MailQueueQuery>,
) -> Result<Page<QueuePage>, Error> {
    let (queue, away) = match actions::queue(&app).await {
        Ok(queue) => (queue, String::new()),
        Err(error) => (Vec::new(), away(error)?),
    };
    let (now, figures) = (app.now(), model::figures(&queue));
    let domains = model::by_domain(&queue)
        .into_iter()
        .take(MOST_DOMAINS)
        .map(|one| DomainRow {
            domain: one.domain,
            count: one.count,
            deferred: one.deferred,
            oldest: ago(one.oldest, now),
        });
    let domains = domains.collect();
    let listing: Listing<Queued> = actions::seen(&app, &scope, queue, &query).await?;
    let states = QueueState::ALL
        .into_iter()
        .map(|(state, word, label)| (word, label, query.state == Some(state)));
    Ok(Page(QueuePage {
        ctx: ctx.with_crumbs([("Mail", "/staff/mail")]),
        states: states.collect(),
        away,
        size: bytes(figures.bytes),
        oldest: figures.oldest.map_or_else(|| "–".to_owned(), |at| ago(at, now)),
        figures,
        domains,
        next: listing.next_href(&query).unwrap_or_default(),
        first: query
            .after
            .as_ref()
            .map(|_| first_href(&query))
            .unwrap_or_default(),
        rows: listing.items.into_iter().map(|one| Row::new(one, now)).collect(),
        query,
        may_manage: scope.may(Permission::StaffMailManage),
    }))
}

#[derive(Template)]
#[template(path = "mail/queued.html")]
struct QueuedPage {
    ctx: Ctx,
    row: Row,
    waiting: Vec<(String, String)>,
    headers: Vec<(String, String)>,
    /// Of a mail whose people are not shown: whether whoever looks may break the glass.
    veil: Option<bool>,
    is_held: bool,
    may_manage: bool,
}

/// One mail with some of its headers.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(text): Path<String>,
) -> Result<Response, Error> {
    let id = id(&text)?;
    let look = match actions::look(&app, &scope, &id).await {
        Ok(look) => look,
        Err(error) => return Ok(SeeOther::to(HOME).bad(away(error)?).into_response()),
    };
    let waiting = look
        .mail
        .recipients
        .iter()
        .map(|one| (one.address.clone(), one.reason.clone().unwrap_or_default()));
    Ok(Page(QueuedPage {
        ctx: ctx.with_crumbs([("Mail", "/staff/mail"), ("Queue", HOME)]),
        waiting: waiting.collect(),
        is_held: look.mail.queue == Queue::Held,
        row: Row::new(look.mail, app.now()),
        headers: look.headers,
        veil: look.is_veiled.then(|| scope.may(Permission::StaffBreakGlass)),
        may_manage: scope.may(Permission::StaffMailManage),
    })
    .into_response())
}

/// What was done, or why not.
fn back(done: Result<(), Error>, says: &str) -> Result<SeeOther, Error> {
    let to = SeeOther::to(HOME);
    match done {
        Ok(()) => Ok(to.good(says)),
        Err(Error::NotFound) => Ok(to.info("That mail is not in the queue any more.")),
        Err(error) => Ok(to.bad(away(error)?)),
    }
}

async fn one(
    (app, scope): (&App, &StaffScope),
    text: &str,
    (act, says): (QueueAct, &str),
) -> Result<SeeOther, Error> {
    back(actions::act_on(app, scope, &id(text)?, act).await, says)
}

/// Has one tried again.
pub(super) async fn retry(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<SeeOther, Error> {
    one(
        (&app, &scope),
        &text,
        (QueueAct::Retry, "It is being tried again."),
    )
    .await
}

/// Holds one.
pub(super) async fn hold(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<SeeOther, Error> {
    one((&app, &scope), &text, (QueueAct::Hold, "It is held.")).await
}

/// Lets one go on.
pub(super) async fn release(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<SeeOther, Error> {
    one((&app, &scope), &text, (QueueAct::Release, "It goes on.")).await
}

/// Deletes one.
pub(super) async fn delete(
    State(app): State<App>,
    scope: StaffScope,
    Path(text): Path<String>,
) -> Result<SeeOther, Error> {
    one((&app, &scope), &text, (QueueAct::Delete, "It is deleted.")).await
}

/// Has all tried again.
pub(super) async fn retry_all(State(app): State<App>, scope: StaffScope) -> Result<SeeOther, Error> {
    back(
        actions::retry_all(&app, &scope).await,
        "All deferred mail is being tried again.",
    )
}
