//! Tickets: what they are, who may make what of them, and how their text is read and drawn. Pure.

mod event;
mod markdown;
mod search;
mod state;
mod text;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::{MailDomainId, MailboxId, ServerId, TenantId, TicketId, TicketPostId, UserId};

pub use event::{EventKind, LoggedEvent, TicketEvent};
pub use markdown::{Html, render};
pub use search::Sought;
pub use state::{CLOSE_AFTER, REOPEN_WITHIN, Refused, Side, State, after_reply};
pub use text::{
    MAX_BODY, MAX_SUBJECT, MAX_TAGS, parse_address, parse_body, parse_subject, parse_tag, parse_tags,
    parse_team, tidy_body, tidy_subject,
};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketSeverity)]
pub enum Severity {
    /// Nothing works.
    P1,
    /// Something important does not work.
    P2,
    /// Something works badly.
    P3,
    /// A question or a wish.
    P4,
}

impl Severity {
    /// All, the worst first.
    pub const ALL: [Self; 4] = [Self::P1, Self::P2, Self::P3, Self::P4];

    /// As the database and addresses write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::P1 => "p1",
            Self::P2 => "p2",
            Self::P3 => "p3",
            Self::P4 => "p4",
        }
    }

    /// The severity of a word.
    pub fn parse(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|one| one.word() == word);
        known.ok_or_else(|| "Use p1, p2, p3 or p4.".to_owned())
    }

    /// The severity of a word of the database; one that nobody knows is the mildest.
    pub fn read(word: &str) -> Self {
        Self::parse(word).unwrap_or(Self::P4)
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::P1 => "P1 – outage",
            Self::P2 => "P2 – serious",
            Self::P3 => "P3 – disturbed",
            Self::P4 => "P4 – question",
        }
    }
}

/// Where a ticket came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketSource)]
pub enum Source {
    /// One of the tenant's people opened it in the panel.
    Customer,
    /// One of the staff did.
    Staff,
    /// The panel did, because something broke.
    Breakdown,
    /// It came by mail.
    Mail,
}

impl Source {
    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::Breakdown => "breakdown",
            Self::Mail => "mail",
        }
    }

    /// The source of a word of the database.
    pub fn read(word: &str) -> Self {
        match word {
            "customer" => Self::Customer,
            "staff" => Self::Staff,
            "breakdown" => Self::Breakdown,
            _ => Self::Mail,
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Customer => "Customer",
            Self::Staff => "Staff",
            Self::Breakdown => "Breakdown",
            Self::Mail => "Mail",
        }
    }
}

/// A ticket.
#[derive(Debug, Clone)]
pub struct Ticket {
    /// Its id.
    pub id: TicketId,
    /// What people call it by.
    pub number: i64,
    /// Whose it is; nobody's yet while it waits in triage, or because it is about several tenants.
    pub tenant: Option<TenantId>,
    /// That tenant's name.
    pub tenant_name: Option<String>,
    /// What it is about, in a line.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// How far it is.
    pub state: State,
    /// Where it came from.
    pub source: Source,
    /// Who of the staff works on it.
    pub assignee: Option<UserId>,
    /// Their name, where whoever asks may know it.
    pub assignee_name: Option<String>,
    /// Which team works on it.
    pub team: Option<String>,
    /// What staff sort it by.
    pub tags: Vec<String>,
    /// The person who opened it.
    pub opened_by: Option<UserId>,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// When something happened in it last.
    pub changed_at: DateTime<Utc>,
    /// When it was resolved, if it is.
    pub resolved_at: Option<DateTime<Utc>>,
    /// When it was closed, if it is.
    pub closed_at: Option<DateTime<Utc>>,
    /// When something that was promised is due next.
    pub due_at: Option<DateTime<Utc>>,
    /// What that is.
    pub due_what: Option<String>,
    /// The ticket that goes on with it.
    pub merged_into: Option<TicketId>,
    /// Counts what people change, for conditional updates.
    pub version: i64,
}

impl Ticket {
    /// What people call it: `#12 Mail does not arrive`.
    pub fn label(&self) -> String {
        format!("#{} {}", self.number, self.subject)
    }

    /// Whether something that was promised is late.
    pub fn is_overdue(&self, now: DateTime<Utc>) -> bool {
        self.state.is_open() && self.due_at.is_some_and(|due| due < now)
    }
}

/// What a ticket is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum About {
    /// A server.
    Server(ServerId),
    /// A mailbox.
    Mailbox(MailboxId),
    /// A domain that mail goes to.
    Domain(MailDomainId),
}

impl About {
    /// The thing of an id as it is written outside: `srv_…`, `mbx_…` or `mdo_…`.
    pub fn parse(text: &str) -> Result<Self, String> {
        let server = text.parse().map(Self::Server);
        let mailbox = || text.parse().map(Self::Mailbox);
        let domain = || text.parse().map(Self::Domain);
        server
            .or_else(|_| mailbox())
            .or_else(|_| domain())
            .map_err(|_| "Name a server, a mailbox or a domain by its id.".to_owned())
    }

    /// Its id as it is written outside.
    pub fn id(&self) -> String {
        match self {
            Self::Server(id) => id.to_string(),
            Self::Mailbox(id) => id.to_string(),
            Self::Domain(id) => id.to_string(),
        }
    }

    /// `server`, `mailbox` or `domain`.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Server(_) => "server",
            Self::Mailbox(_) => "mailbox",
            Self::Domain(_) => "domain",
        }
    }
}

/// A thing that a ticket is about, with what people called it when the ticket was opened.
#[derive(Debug, Clone)]
pub struct Thing {
    /// The thing; nothing once it is gone.
    pub about: Option<About>,
    /// What people called it.
    pub label: String,
}

/// What was written into a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketPostKind)]
pub enum PostKind {
    /// An answer, which both sides read.
    Reply,
    /// A note among staff.
    Note,
    /// What the panel says by itself.
    System,
    /// What the panel found out about a breakdown.
    Evidence,
}

impl PostKind {
    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Reply => "reply",
            Self::Note => "note",
            Self::System => "system",
            Self::Evidence => "evidence",
        }
    }

    /// The kind of a word of the database; one that nobody knows is internal.
    pub fn read(word: &str) -> Self {
        match word {
            "reply" => Self::Reply,
            "system" => Self::System,
            "evidence" => Self::Evidence,
            _ => Self::Note,
        }
    }

    /// Whether it is never for the tenant, whatever else is said.
    pub fn is_internal(self) -> bool {
        matches!(self, Self::Note | Self::Evidence)
    }
}

/// Who wrote something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Author {
    /// A person with an account.
    User(UserId),
    /// A mail.
    Mail {
        /// Where it came from.
        address: String,
        /// The person with that address.
        user: Option<UserId>,
    },
    /// The panel.
    System,
}

impl Author {
    /// The person, if it is one whom the panel knows.
    pub fn user(&self) -> Option<UserId> {
        match self {
            Self::User(user) => Some(*user),
            Self::Mail { user, .. } => *user,
            Self::System => None,
        }
    }
}

/// Something to be written into a ticket.
#[derive(Debug, Clone)]
pub struct NewPost {
    /// What it is.
    pub kind: PostKind,
    /// Whether the tenant reads it. Notes and evidence it never does.
    pub public: bool,
    /// Markdown.
    pub body: String,
    /// By whom.
    pub by: Author,
}

/// A ticket to be opened.
#[derive(Debug, Clone)]
pub struct NewTicket {
    /// Whose it is.
    pub tenant: Option<TenantId>,
    /// What it is about, in a line.
    pub subject: String,
    /// How bad it is.
    pub severity: Severity,
    /// Where it comes from.
    pub source: Source,
    /// What it is about.
    pub about: Vec<About>,
    /// What staff sort it by.
    pub tags: Vec<String>,
    /// The person who opens it.
    pub opened_by: Option<UserId>,
    /// What is said first.
    pub first: Option<NewPost>,
}

/// What was written into a ticket, as it is read.
#[derive(Debug, Clone)]
pub struct Post {
    /// Its id.
    pub id: TicketPostId,
    /// In which ticket.
    pub ticket: TicketId,
    /// What it is.
    pub kind: PostKind,
    /// Whether the tenant reads it.
    pub public: bool,
    /// Markdown.
    pub body: String,
    /// Whose side wrote it.
    pub side: Side,
    /// The person, if it is one whom the panel knows.
    pub author: Option<UserId>,
    /// What they were called then.
    pub author_name: String,
    /// The address that it came from, if it came by mail.
    pub address: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
}

impl Post {
    /// It as safe HTML.
    pub fn html(&self) -> Html {
        render(&self.body)
    }
}

/// Somebody who is told what happens in a ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Watcher {
    /// Where they are told.
    pub address: String,
    /// The person, if it is one whom the panel knows.
    pub user: Option<UserId>,
    /// Whether they are told of what is internal, too, and are not shown to the tenant.
    pub is_staff: bool,
}
