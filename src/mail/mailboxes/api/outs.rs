//! What the API says of mailboxes.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::ids::{AppPasswordId, MailDomainId, MailboxId};
use crate::platform::secret::Secret;

use super::super::actions::{Created, Issued};
use super::super::model::{AppPassword, AppPasswordProtocol, Mailbox};

/// A mailbox.
#[derive(Debug, Serialize, ToSchema)]
pub struct MailboxOut {
    /// Its id.
    id: MailboxId,
    /// The domain that it belongs to.
    domain_id: MailDomainId,
    /// Its address, the domain as DNS has it.
    #[schema(example = "ann@example.com")]
    address: String,
    /// The person's name; may be empty.
    #[schema(example = "Ann Smith")]
    name: String,
    /// Whether its person may sign in and send. Mail arrives in any case.
    is_enabled: bool,
    /// Whether a password was set.
    has_password: bool,
    /// Until when its set-up link works; null if there is none.
    set_up_until: Option<DateTime<Utc>>,
    /// What it may hold, in MiB; null for no limit of its own, and with 0 it takes nothing in.
    #[schema(example = 2048)]
    quota_mib: Option<i64>,
    /// Recipients in an hour; null for no limit of its own, and with 0 it sends nothing.
    #[schema(example = 200)]
    hourly_limit: Option<i32>,
    /// How many aliases its person may make.
    max_own_aliases: i32,
    /// Where its mail goes as well, or instead.
    forward_to: Vec<String>,
    /// Whether forwarded mail stays here too.
    keeps_copy: bool,
    /// What it holds.
    used_bytes: i64,
    /// How many mails that is.
    used_messages: i64,
    /// The last sign-in by IMAP.
    last_imap_at: Option<DateTime<Utc>>,
    /// The last sign-in by POP3.
    last_pop3_at: Option<DateTime<Utc>>,
    /// The last sign-in to send.
    last_smtp_at: Option<DateTime<Utc>>,
    /// The last sign-in to change filters.
    last_sieve_at: Option<DateTime<Utc>>,
    /// When it was deleted.
    deleted_at: Option<DateTime<Utc>>,
    /// When a deleted one is erased.
    erased_at: Option<DateTime<Utc>>,
    /// Who made it.
    created_by: String,
    /// When.
    created_at: DateTime<Utc>,
    /// When it was changed last.
    updated_at: DateTime<Utc>,
}

impl From<Mailbox> for MailboxOut {
    fn from(mailbox: Mailbox) -> Self {
        Self {
            id: mailbox.id,
            domain_id: mailbox.domain,
            address: mailbox.address,
            name: mailbox.name,
            is_enabled: mailbox.is_enabled,
            has_password: mailbox.has_password,
            set_up_until: mailbox.setup_until,
            quota_mib: mailbox.quota_mib,
            hourly_limit: mailbox.hourly_limit,
            max_own_aliases: mailbox.max_own_aliases,
            forward_to: mailbox.forward_to,
            keeps_copy: mailbox.keeps_copy,
            used_bytes: mailbox.used_bytes,
            used_messages: mailbox.used_messages,
            last_imap_at: mailbox.last_imap_at,
            last_pop3_at: mailbox.last_pop3_at,
            last_smtp_at: mailbox.last_smtp_at,
            last_sieve_at: mailbox.last_sieve_at,
            deleted_at: mailbox.deleted.map(|kept| kept.since),
            erased_at: mailbox.deleted.map(|kept| kept.until),
            created_by: mailbox.created_by,
            created_at: mailbox.created_at,
            updated_at: mailbox.updated_at,
        }
    }
}

/// A set-up link, told this once.
#[derive(Serialize, ToSchema)]
pub struct SetUpLinkOut {
    /// The address where its person chooses a password.
    url: String,
    /// Until when it works. It works once.
    until: DateTime<Utc>,
    /// Whom it was mailed to; null if to nobody.
    sent_to: Option<String>,
    /// Why it could not be mailed.
    trouble: Option<String>,
}

impl From<Issued> for SetUpLinkOut {
    fn from(issued: Issued) -> Self {
        Self {
            url: issued.url.expose().clone(),
            until: issued.until,
            sent_to: issued.sent_to,
            trouble: issued.trouble,
        }
    }
}

/// A mailbox that was made.
#[derive(Serialize, ToSchema)]
pub struct MailboxMadeOut {
    /// The mailbox.
    #[serde(flatten)]
    mailbox: MailboxOut,
    /// Its set-up link, if that was asked for.
    set_up_link: Option<SetUpLinkOut>,
    /// What keeps mail from arriving there; null if nothing does.
    #[schema(example = "No mail arrives before the domain is proven to be yours.")]
    hindrance: Option<String>,
}

impl From<Created> for MailboxMadeOut {
    fn from(created: Created) -> Self {
        Self {
            mailbox: created.mailbox.into(),
            set_up_link: created.link.map(SetUpLinkOut::from),
            hindrance: (!created.hindrance.is_empty()).then(|| created.hindrance.to_owned()),
        }
    }
}

/// A password for one program, without its text.
#[derive(Debug, Serialize, ToSchema)]
pub struct AppPasswordOut {
    /// Its id.
    id: AppPasswordId,
    /// Which program on which device has it.
    #[schema(example = "Thunderbird on the laptop")]
    name: String,
    /// What it is good for.
    protocols: Vec<AppPasswordProtocol>,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When it was used last.
    last_used_at: Option<DateTime<Utc>>,
}

impl From<AppPassword> for AppPasswordOut {
    fn from(password: AppPassword) -> Self {
        Self {
            id: password.id,
            name: password.name,
            protocols: password.protocols,
            created_at: password.created_at,
            last_used_at: password.last_used_at,
        }
    }
}

/// A password for one program that was made.
#[derive(Serialize, ToSchema)]
pub struct AppPasswordMadeOut {
    /// What is known of it.
    #[serde(flatten)]
    about: AppPasswordOut,
    /// Its text, told this once. The dashes are part of it.
    password: String,
}

impl AppPasswordMadeOut {
    pub(super) fn new(password: AppPassword, text: &Secret) -> Self {
        Self {
            about: password.into(),
            password: text.expose().clone(),
        }
    }
}

/// An address that a mailbox may send as.
#[derive(Debug, Serialize, ToSchema)]
pub struct SendAsOut {
    /// The address.
    #[schema(example = "sales@example.com")]
    pub(super) address: String,
}
