//! What programs read of tickets.

use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::platform::error::Error;
use crate::platform::ids::{TenantId, TicketId, TicketPostId, UserId};

use super::super::model::{
    LoggedEvent, Post, PostKind, Severity, Side, Source, State, Thing, Ticket, Watcher,
};

/// A ticket.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketOut {
    /// Its id.
    id: TicketId,
    /// What people call it by.
    number: i64,
    /// What it is about.
    subject: String,
    /// How bad it is.
    severity: Severity,
    /// How far it is.
    state: State,
    /// Where it came from.
    source: Source,
    /// Who opened it.
    opened_by: Option<UserId>,
    /// When.
    opened_at: DateTime<Utc>,
    /// When something happened in it last.
    changed_at: DateTime<Utc>,
    /// When it was resolved, if it is.
    resolved_at: Option<DateTime<Utc>>,
    /// When it was closed, if it is.
    closed_at: Option<DateTime<Utc>>,
    /// When something that was promised is due next.
    due_at: Option<DateTime<Utc>>,
    /// What that is.
    due_what: Option<String>,
    /// The ticket that goes on with it.
    merged_into: Option<TicketId>,
}

impl From<Ticket> for TicketOut {
    fn from(ticket: Ticket) -> Self {
        Self {
            id: ticket.id,
            number: ticket.number,
            subject: ticket.subject,
            severity: ticket.severity,
            state: ticket.state,
            source: ticket.source,
            opened_by: ticket.opened_by,
            opened_at: ticket.opened_at,
            changed_at: ticket.changed_at,
            resolved_at: ticket.resolved_at,
            closed_at: ticket.closed_at,
            due_at: ticket.due_at,
            due_what: ticket.due_what,
            merged_into: ticket.merged_into,
        }
    }
}

/// A ticket as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffTicketOut {
    /// What its tenant sees, too.
    #[serde(flatten)]
    ticket: TicketOut,
    /// Whose it is; null in triage.
    tenant: Option<TenantId>,
    /// That tenant's name.
    tenant_name: Option<String>,
    /// Who works on it.
    assignee: Option<UserId>,
    /// Their name.
    assignee_name: Option<String>,
    /// Which team works on it.
    team: Option<String>,
    /// What it is sorted by.
    tags: Vec<String>,
}

impl From<Ticket> for StaffTicketOut {
    fn from(mut ticket: Ticket) -> Self {
        Self {
            tenant: ticket.tenant,
            tenant_name: ticket.tenant_name.take(),
            assignee: ticket.assignee,
            assignee_name: ticket.assignee_name.take(),
            team: ticket.team.take(),
            tags: std::mem::take(&mut ticket.tags),
            ticket: ticket.into(),
        }
    }
}

/// A thing that a ticket is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketThingOut {
    /// Its id; null once it is gone.
    #[schema(example = "srv_01kb2m4v0xf9ya8e3m1v6gq0ht")]
    id: Option<String>,
    /// What it was called when the ticket was opened.
    name: String,
}

impl From<Thing> for TicketThingOut {
    fn from(thing: Thing) -> Self {
        Self {
            id: thing.about.map(|about| about.id()),
            name: thing.label,
        }
    }
}

/// A ticket with what it is about.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketDetailOut {
    /// The ticket.
    #[serde(flatten)]
    pub(super) ticket: TicketOut,
    /// What it is about.
    pub(super) about: Vec<TicketThingOut>,
}

/// A ticket with what it is about, as staff see it.
#[derive(Debug, Serialize, ToSchema)]
pub struct StaffTicketDetailOut {
    /// The ticket.
    #[serde(flatten)]
    pub(super) ticket: StaffTicketOut,
    /// What it is about.
    pub(super) about: Vec<TicketThingOut>,
}

/// Something that was written into a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketPostOut)]
pub struct PostOut {
    /// Its id.
    id: TicketPostId,
    /// In which ticket.
    ticket: TicketId,
    /// What it is.
    kind: PostKind,
    /// Whether the tenant reads it.
    public: bool,
    /// Markdown.
    body: String,
    /// Whose side wrote it.
    side: Side,
    /// Who wrote it, if it was a person whom the panel knows.
    author: Option<UserId>,
    /// What they were called then.
    author_name: String,
    /// When.
    at: DateTime<Utc>,
}

impl From<Post> for PostOut {
    fn from(post: Post) -> Self {
        Self {
            id: post.id,
            ticket: post.ticket,
            kind: post.kind,
            public: post.public,
            body: post.body,
            side: post.side,
            author: post.author,
            author_name: post.author_name,
            at: post.at,
        }
    }
}

/// Something that happened in a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketEventOut)]
pub struct EventOut {
    /// Counts up.
    id: i64,
    /// When.
    at: DateTime<Utc>,
    /// What: `opened`, `state_changed`, …
    #[schema(example = "state_changed")]
    kind: String,
    /// What belongs to that.
    #[schema(value_type = Object, example = json!({"from": "new", "to": "acknowledged"}))]
    data: Value,
    /// Who did it, if it was a person whom the panel knows.
    actor: Option<UserId>,
    /// What they were called then.
    actor_name: String,
    /// What they said about it.
    why: Option<String>,
    /// Whether the tenant reads it.
    public: bool,
}

impl EventOut {
    pub(super) fn new(logged: LoggedEvent) -> Result<Self, Error> {
        let (kind, data) = logged.event.kind.to_parts()?;
        Ok(Self {
            id: logged.event.id,
            at: logged.event.at,
            kind,
            data: data.unwrap_or_else(|| json!({})),
            actor: logged.event.actor,
            actor_name: logged.actor_name,
            why: logged.why,
            public: logged.event.public,
        })
    }
}

/// Somebody who watches a ticket.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TicketWatcherOut)]
pub struct WatcherOut {
    /// Their address.
    address: String,
    /// The person, if it is one whom the panel knows.
    user: Option<UserId>,
    /// Whether they are told of notes, too; no tenant sees those.
    staff: bool,
}

impl From<Watcher> for WatcherOut {
    fn from(watcher: Watcher) -> Self {
        Self {
            address: watcher.address,
            user: watcher.user,
            staff: watcher.is_staff,
        }
    }
}

/// What came of a change of one of several tickets.
#[derive(Debug, Serialize, ToSchema)]
pub struct TicketBulkOut {
    /// Which.
    pub(super) ticket: TicketId,
    /// The code of what stood in the way; null if it was changed.
    #[schema(example = "ticket-state")]
    pub(super) error: Option<&'static str>,
    /// The same in words.
    pub(super) message: Option<String>,
}
