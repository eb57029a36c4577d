//! What is done with tickets. What other parts call works in the caller's transaction; what people do on pages and by programs is a
//! transaction of its own.

mod basic;
mod customer;
mod more;
mod staff;
mod upkeep;
mod watch;

use serde_json::Value;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events;
use crate::platform::ids::UserId;

use super::model::{About, EventKind, Severity, Ticket, parse_body, parse_subject};
use super::{TOPIC, follow, store};

pub use basic::{acknowledge, add_post, assign, open, record, set_severity, set_state};
pub use customer::{open_by_customer, reply_by_customer, resolve_by_customer};
pub use more::{give_to_tenant, merge_into};
pub use staff::{
    Assignee, BulkOutcome, Patch, bulk, change_by_staff, note_by_staff, open_by_staff, reply_by_staff, take,
};
pub use upkeep::close_resolved;
pub use watch::{unwatch, watch};

/// What somebody types to open a ticket.
#[derive(Debug, Clone)]
pub struct Opening {
    /// What it is about, in a line.
    pub subject: String,
    /// What is said first: Markdown.
    pub body: String,
    /// How bad it is.
    pub severity: Severity,
    /// What it is about.
    pub about: Vec<About>,
}

impl Opening {
    /// Its subject and text, or what is wrong with either.
    fn parse(&self) -> Result<(String, String), Error> {
        let mut errors = FieldErrors::default();
        let subject = errors.check("subject", parse_subject(&self.subject));
        let body = errors.check("body", parse_body(&self.body));
        errors.into_result()?;
        Ok((subject.unwrap_or_default(), body.unwrap_or_default()))
    }
}

/// Whoever does something, as logs name them.
struct Actor {
    user: Option<UserId>,
    name: String,
}

impl Actor {
    /// Whoever asks.
    async fn of(tx: &mut impl Scoped, who: &Who) -> Result<Self, Error> {
        Self::person(tx, who.user, &who.label).await
    }

    /// A person, or what else is called `otherwise`.
    async fn person(tx: &mut impl Scoped, user: Option<UserId>, otherwise: &str) -> Result<Self, Error> {
        let name = match user {
            Some(user) => store::name_of(tx, user).await?,
            None => None,
        };
        Ok(Self {
            user,
            name: name.unwrap_or_else(|| otherwise.to_owned()),
        })
    }
}

/// Something that happened.
struct Entry {
    kind: EventKind,
    public: bool,
    why: Option<String>,
}

impl From<EventKind> for Entry {
    fn from(kind: EventKind) -> Self {
        Self {
            public: kind.is_public(),
            kind,
            why: None,
        }
    }
}

/// Writes what happened in a ticket, tells the pages that show it, and has the other parts told.
async fn happened(
    app: &App,
    tx: &mut impl Scoped,
    actor: &Actor,
    ticket: &Ticket,
    entries: impl IntoIterator<Item = Entry>,
) -> Result<(), Error> {
    let now = app.now();
    for entry in entries {
        let (kind, mut data) = entry.kind.to_parts()?;
        if let (Some(why), Some(Value::Object(fields))) = (entry.why, &mut data) {
            fields.insert("why".to_owned(), Value::String(why));
        }
        let by = (actor.user, &*actor.name);
        store::add_event(tx, ticket.id, (&kind, data, entry.public), by, now).await?;
    }
    events::emit(tx, ticket.tenant, TOPIC, Some(ticket.id.0)).await?;
    follow::enqueue(tx, ticket.id).await
}

/// Writes the audit event. What the tenant does not see of the ticket is not in the tenant's log either.
async fn audit(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (ticket, is_public): (&Ticket, bool),
    change: &Change,
) -> Result<(), Error> {
    let label = ticket.label();
    let target = Target {
        kind: "ticket",
        id: Some(ticket.id.0),
        label: &label,
        tenant: ticket.tenant.filter(|_| is_public),
    };
    app.audit(tx, who, &target, change).await
}

/// Refuses what would change a ticket that another one goes on with.
fn check_not_merged(ticket: &Ticket) -> Result<(), Error> {
    match ticket.merged_into {
        None => Ok(()),
        Some(_) => Err(Error::conflict(
            "ticket-merged",
            "This ticket was merged into another one. Go on there.",
        )),
    }
}
