//! Mail of tickets: what one that came in says, whom it is from and what is to be done with it, and how one that goes out is worded.
//! Pure.

mod automatic;
mod cut;
mod letter;
mod parse;
mod proof;
#[cfg(test)]
mod tests;
mod token;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::drivers::mailer::MailError;
use crate::platform::access::{Permission, StaffRole, TenantRole, staff_may, tenant_may};
use crate::platform::error::Error;
use crate::platform::ids::{InboundMailId, OutboundMailId, TenantId, TicketId, UserId};
use crate::tickets::{Author, NewPost, PostKind};

pub use cut::{answer, beginning};
pub use letter::{Draft, News, Said, letter};
pub use parse::{Incoming, read, unreadable};
pub use proof::Proof;
pub use token::{LENGTH as TOKEN_LENGTH, Signer};

/// An address that has room for a token: RFC 5321, 4.5.3.1.1, allows 64 bytes before the at sign.
pub fn inbox_address(text: &str) -> Result<String, String> {
    let address = crate::tickets::model::parse_address(text)?;
    let local = address.split('@').next().unwrap_or_default();
    if local.contains('+') || local.len() + 1 + TOKEN_LENGTH > 64 {
        return Err("use a short address without a plus, such as support@example.com".to_owned());
    }
    Ok(address)
}

/// The header by which we know our own mail; it names the ticket.
pub const OURS: &str = "X-Berth-Ticket";
/// As many bytes of a mail are read.
pub const MOST_READ: usize = 25 << 20;
/// So many mails of one sender make something in an hour.
pub const SENDER_AN_HOUR: i64 = 20;
/// So many answers of one who may answer, which is more: staff answer many.
pub const ANSWERS_AN_HOUR: i64 = 200;
/// So many mails of strangers make tickets in an hour.
pub const STRANGERS_AN_HOUR: i64 = 100;
/// So many people are told of what happens in one ticket.
pub const MOST_TOLD: usize = 50;
/// So many mails tell one of them of one ticket in an hour; the last says so.
pub const STORM: i64 = 12;
/// So many mails of one stranger wait in triage: who has written ten times says nothing new until somebody answers.
const SENDER_WAITS: i64 = 10;
/// So many of strangers of one domain, which many people share, and which whoever owns one makes addresses of as they like.
const DOMAIN_WAITS: i64 = 100;
/// So much waits in all before strangers' mail is left alone: more than two people look through in a day.
const MOST_WAIT: i64 = 1_000;
/// What a stranger wrote and nobody has looked at for so long is thrown away.
pub const UNSEEN: TimeDelta = TimeDelta::days(30);
/// So often it is tried to take a mail of the inbox before it is put aside.
pub const TRIES: i32 = 5;
/// A mail that goes out is tried for so long, as notifications are: a day and a half.
pub const TRIED_FOR: TimeDelta = TimeDelta::hours(36);

/// Where mail for tickets goes to and comes from.
#[derive(Debug, Clone)]
pub struct Desk {
    /// The address, in small letters.
    pub address: String,
    /// Whom the panel's mail comes from, in small letters and without a name.
    pub sender: String,
    /// Whether the inbox is a mailbox of this installation's mail service, whose word on senders counts.
    pub is_own_service: bool,
}

impl Desk {
    fn parts(&self) -> (&str, &str) {
        self.address.split_once('@').unwrap_or_default()
    }

    /// Where an answer with a token goes.
    pub fn reply_to(&self, token: &str) -> String {
        let (local, domain) = self.parts();
        format!("{local}+{token}@{domain}")
    }

    /// The token of an address that is ours, if there is one.
    fn token<'a>(&self, address: &'a str) -> Option<&'a str> {
        let (local, domain) = self.parts();
        let (theirs, host) = address.rsplit_once('@')?;
        let (begin, token) = theirs.split_at_checked(local.len())?;
        let is_ours = host.eq_ignore_ascii_case(domain) && begin.eq_ignore_ascii_case(local);
        token.strip_prefix('+').filter(|_| is_ours)
    }

    /// Whether an address is one that we write from or read.
    fn is_own(&self, address: &str) -> bool {
        address == self.address || address == self.sender || self.token(address).is_some()
    }
}

/// The address in a text such as `Name <address>`, in small letters.
pub fn bare(text: &str) -> String {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(text, |(address, _)| address).trim().to_lowercase()
}

/// The headers of a mail, each on one line.
#[derive(Debug, Default)]
struct Headers(Vec<(String, String)>);

impl Headers {
    fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        let named = self
            .0
            .iter()
            .filter(move |(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    fn first(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }
}

/// What became of a mail that came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketMailOutcome)]
pub enum Outcome {
    /// It opened a ticket of a tenant.
    Opened,
    /// It answered in a ticket.
    Replied,
    /// It opened a ticket that waits for somebody to say whose it is.
    Triage,
    /// Nobody wrote it.
    Ignored,
    /// There were too many.
    Silenced,
    /// Staff threw the ticket away that it had opened.
    Discarded,
    /// Nobody looked at the ticket that it had opened, for long.
    Expired,
    /// It could not be taken, and waits in the inbox for people.
    Aside,
}

impl Outcome {
    const ALL: [Self; 8] = [
        Self::Opened,
        Self::Replied,
        Self::Triage,
        Self::Ignored,
        Self::Silenced,
        Self::Discarded,
        Self::Expired,
        Self::Aside,
    ];

    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Opened => "opened",
            Self::Replied => "replied",
            Self::Triage => "triage",
            Self::Ignored => "ignored",
            Self::Silenced => "silenced",
            Self::Discarded => "discarded",
            Self::Expired => "expired",
            Self::Aside => "aside",
        }
    }

    /// The outcome of a word of the database.
    pub fn read(word: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|one| one.word() == word).unwrap_or(Self::Ignored)
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Opened => "Opened a ticket",
            Self::Replied => "Answered",
            Self::Triage => "Triage",
            Self::Ignored => "Ignored",
            Self::Silenced => "Too many",
            Self::Discarded => "Discarded",
            Self::Expired => "Expired",
            Self::Aside => "Put aside",
        }
    }

    /// Which look a page gives it.
    pub fn look(self) -> &'static str {
        match self {
            Self::Opened | Self::Replied => "good",
            Self::Triage => "warn",
            Self::Ignored | Self::Discarded | Self::Expired => "idle",
            Self::Silenced | Self::Aside => "bad",
        }
    }
}

/// How much waits in triage.
#[derive(Debug, Clone, Copy)]
pub struct Waiting {
    /// Of one sender.
    pub of_sender: i64,
    /// Of the sender's domain.
    pub of_domain: i64,
    /// Of everybody.
    pub in_all: i64,
}

impl Waiting {
    /// Why a stranger's next mail does not come to it, if it does not.
    pub fn too_many(self) -> Option<&'static str> {
        if self.of_sender >= SENDER_WAITS {
            Some("More mails of this sender than wait in triage.")
        } else if self.of_domain >= DOMAIN_WAITS {
            Some("More mails of this sender's domain than wait in triage.")
        } else if self.in_all >= MOST_WAIT {
            Some("More mails than wait in triage in all.")
        } else {
            None
        }
    }
}

/// A mail that came in, as the log has it.
#[derive(Debug, Clone)]
pub struct Logged {
    /// Its id.
    pub id: InboundMailId,
    /// Whom it said that it was from; empty where that could not be read.
    pub sender: String,
    /// Its subject.
    pub subject: String,
    /// When it was taken.
    pub at: DateTime<Utc>,
    /// What became of it.
    pub outcome: Outcome,
    /// Why.
    pub why: String,
    /// Whether the sender was proven.
    pub is_verified: bool,
    /// The ticket that it opened or answered in, and its number.
    pub ticket: Option<(TicketId, i64)>,
    /// Those whose tickets it may be: the organisations of a person with that address.
    pub tenants: Vec<(TenantId, String)>,
}

/// How a mail that goes out is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketMailState)]
pub enum State {
    /// On its way, or to be tried again.
    Waiting,
    /// The mail server has taken it.
    Sent,
    /// It is not tried again by itself.
    Failed,
}

impl State {
    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sent => "sent",
            Self::Failed => "failed",
        }
    }

    /// The state of a word; one that nobody knows has failed.
    pub fn read(word: &str) -> Self {
        match word {
            "waiting" => Self::Waiting,
            "sent" => Self::Sent,
            _ => Self::Failed,
        }
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Waiting => "Waiting",
            Self::Sent => "Sent",
            Self::Failed => "Failed",
        }
    }

    /// Which look a page gives it.
    pub fn look(self) -> &'static str {
        match self {
            Self::Waiting => "busy",
            Self::Sent => "good",
            Self::Failed => "bad",
        }
    }
}

/// A mail that goes out.
#[derive(Debug, Clone)]
pub struct Outgoing {
    /// Its id, which makes its `Message-ID`.
    pub id: OutboundMailId,
    /// The ticket, and its number.
    pub ticket: (TicketId, i64),
    /// The address.
    pub recipient: String,
    /// The line.
    pub subject: String,
    /// The text.
    pub body: String,
    /// Where an answer goes.
    pub reply_to: Option<String>,
    /// The `Message-ID` of the recipient's last mail.
    pub answers: Option<String>,
    /// How it is.
    pub state: State,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it did not go at the last try.
    pub error: Option<String>,
    /// When it was written.
    pub created_at: DateTime<Utc>,
    /// Since when it is tried.
    pub due_at: DateTime<Utc>,
    /// When it went.
    pub sent_at: Option<DateTime<Utc>>,
}

impl Outgoing {
    /// What it is after a try.
    pub fn after(&self, outcome: &Result<(), MailError>, now: DateTime<Utc>) -> State {
        match outcome {
            Ok(()) => State::Sent,
            Err(MailError::NotNow(_)) if now - self.due_at < TRIED_FOR => State::Waiting,
            Err(_) => State::Failed,
        }
    }

    /// Refuses to send again what has not failed.
    pub fn check_failed(&self) -> Result<(), Error> {
        match self.state {
            State::Failed => Ok(()),
            State::Waiting | State::Sent => Err(Error::conflict(
                "ticket-mail-not-failed",
                "Only a mail that could not be sent can be sent again.",
            )),
        }
    }
}

/// Who somebody with an address is for a ticket.
#[derive(Debug, Clone, Default)]
pub struct Standing {
    /// The person.
    pub user: Option<UserId>,
    /// Their role in the ticket's tenant, as the database writes it.
    pub role: Option<String>,
    /// Their role as one of the staff.
    pub staff_role: Option<String>,
    /// Whether they are told of the ticket by their address alone.
    pub is_watcher: bool,
}

/// Whether a member with a role, as the database writes it, may write into tickets.
pub fn may_write(role: &str) -> bool {
    role.parse::<TenantRole>()
        .is_ok_and(|role| tenant_may(role, Permission::TicketWrite))
}

impl Standing {
    /// Whether they may answer with an address that was made for them (`is_theirs`), or for somebody else.
    pub fn may_answer(&self, is_theirs: bool) -> bool {
        let is_member = self.role.as_deref().is_some_and(may_write);
        let staff_role = self
            .staff_role
            .as_deref()
            .and_then(|role| role.parse::<StaffRole>().ok());
        let is_staff = staff_role.is_some_and(|role| staff_may(role, Permission::StaffTicketWrite));
        is_member || (is_theirs && (is_staff || self.is_watcher))
    }
}

impl Incoming {
    /// It as a post: `text`, what was left out, and whether nobody knows that the sender wrote it.
    pub fn post(&self, text: &str, user: Option<UserId>) -> NewPost {
        let mut body = text.to_owned();
        for line in &self.left_out {
            body.push_str("\n\n*Not kept: ");
            body.push_str(line);
            body.push('*');
        }
        if self.proof != Proof::Verified {
            body.push_str("\n\n*By mail; the sender was not verified.*");
        }
        NewPost {
            kind: PostKind::Reply,
            public: true,
            body,
            by: Author::Mail {
                address: self.sender.clone().unwrap_or_default(),
                user,
            },
        }
    }
}
