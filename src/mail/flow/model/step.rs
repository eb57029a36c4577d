//! A step of a message's way.

use serde::{Deserialize, Serialize};

/// Who handed a mail over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Client {
    /// Its name by reverse DNS; `unknown` without one.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Whether the connection was encrypted, as far as that is known.
    pub tls: bool,
}

impl Client {
    /// Reads `name[address]`, as Postfix writes it.
    pub fn read(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('[')?;
        let (address, _) = rest.split_once(']')?;
        let is_good = !name.is_empty() && !address.is_empty() && !name.contains(char::is_whitespace);
        is_good.then(|| Self {
            name: name.to_owned(),
            address: address.to_owned(),
            tls: false,
        })
    }
}

/// What happened to a message, or to it and one of its recipients.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Step {
    /// Another server brought it.
    Accepted {
        /// Which.
        client: Client,
    },
    /// Somebody sent it who is signed in.
    Submitted {
        /// As whom.
        login: String,
        /// From where.
        client: Client,
    },
    /// A program of the mail service made it: a bounce, an automatic reply, something sent on.
    Made,
    /// rspamd judged it.
    Judged {
        /// Its score.
        score: f64,
        /// From which on it would be refused or held; 0 if there is none.
        limit: f64,
        /// What rspamd wants done.
        action: String,
        /// Why, the heaviest first.
        symbols: Vec<String>,
    },
    /// It was not taken.
    Refused {
        /// Who brought it.
        client: Option<Client>,
        /// What they were told.
        reply: String,
    },
    /// It is kept until somebody decides.
    Held,
    /// Somebody let it go on.
    Released,
    /// Somebody deleted it from the queue.
    Deleted,
    /// It was handed over.
    Sent {
        /// To whom: `name[address]:port`, a socket, or nothing.
        relay: String,
        /// What they said.
        reply: String,
        /// Whether the connection was encrypted, as far as that is known.
        tls: bool,
        /// Whether a mailbox of this mail service has it.
        is_here: bool,
    },
    /// It could not be handed over yet.
    Deferred {
        /// To whom it was to be.
        relay: String,
        /// Why not.
        reply: String,
        /// How old it was, in seconds.
        age: f64,
    },
    /// It can't be handed over.
    Bounced {
        /// To whom it was to be.
        relay: String,
        /// Why not.
        reply: String,
    },
    /// It was tried for as long as is tried.
    Expired,
    /// Its sender was told.
    Told {
        /// Whether that it failed, or only that it takes long.
        is_final: bool,
    },
    /// It lies in a folder of a mailbox.
    Stored {
        /// Which.
        folder: String,
    },
    /// A rule of the mailbox sent it on.
    Forwarded {
        /// To whom.
        to: String,
    },
    /// The mailbox answered by itself.
    Replied {
        /// Whom.
        to: String,
    },
    /// A rule of the mailbox threw it away.
    Discarded,
    /// A rule of the mailbox refused it.
    Rejected,
}

impl Step {
    /// Whether it tells something that only whoever sent the mail may know.
    pub fn is_senders(&self) -> bool {
        matches!(self, Self::Submitted { .. })
    }

    /// Whether it tells what a mailbox did with the mail, which is nothing of whoever sent it.
    pub fn is_recipients(&self) -> bool {
        matches!(
            self,
            Self::Stored { .. }
                | Self::Forwarded { .. }
                | Self::Replied { .. }
                | Self::Discarded
                | Self::Rejected
        )
    }

    /// The same without where an address of others leads: whoever wrote to it knows the address and whether mail to it arrived.
    pub fn without_way(self) -> Self {
        match self {
            Self::Sent { .. } => Self::Sent {
                relay: String::new(),
                reply: String::new(),
                tls: false,
                is_here: true,
            },
            Self::Deferred { age, .. } => Self::Deferred {
                relay: String::new(),
                reply: "it could not be handed over yet".to_owned(),
                age,
            },
            Self::Bounced { .. } => Self::Bounced {
                relay: String::new(),
                reply: "It could not be handed over.".to_owned(),
            },
            other => other,
        }
    }

    /// Its word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Accepted { .. } => "accepted",
            Self::Submitted { .. } => "submitted",
            Self::Made => "made",
            Self::Judged { .. } => "judged",
            Self::Refused { .. } => "refused",
            Self::Held => "held",
            Self::Released => "released",
            Self::Deleted => "deleted",
            Self::Sent { .. } => "sent",
            Self::Deferred { .. } => "deferred",
            Self::Bounced { .. } => "bounced",
            Self::Expired => "expired",
            Self::Told { .. } => "told",
            Self::Stored { .. } => "stored",
            Self::Forwarded { .. } => "forwarded",
            Self::Replied { .. } => "replied",
            Self::Discarded => "discarded",
            Self::Rejected => "rejected",
        }
    }
}
