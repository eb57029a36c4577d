//! What happened in a ticket, entry by entry: what SLA clocks, pages, hooks and mails are computed from.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::platform::error::Error;
use crate::platform::ids::{TicketId, UserId};

use super::{Severity, State};

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "data", rename_all = "snake_case")]
pub enum EventKind {
    /// It was opened.
    Opened,
    /// The customer wrote.
    CustomerReplied,
    /// Staff answered.
    StaffReplied,
    /// Staff wrote a note.
    Noted,
    /// It came further, or back.
    StateChanged {
        /// What it was.
        from: State,
        /// What it is.
        to: State,
    },
    /// It is worse than was thought, or less bad.
    SeverityChanged {
        /// What it was.
        from: Severity,
        /// What it is.
        to: Severity,
    },
    /// Somebody works on it, or nobody.
    Assigned {
        /// Who.
        to: Option<UserId>,
    },
    /// Another team works on it.
    TeamChanged,
    /// Somebody said that they take care of it.
    Acknowledged {
        /// Who.
        by: UserId,
    },
    /// Another ticket goes on with it.
    Merged {
        /// Which.
        into: TicketId,
    },
    /// A part of it became another ticket.
    Split {
        /// Which.
        into: TicketId,
    },
    /// It was linked with another ticket, or parted from it.
    Linked,
    /// Its tags, its subject or whose it is changed.
    Tagged,
    /// Something was done from it.
    ActedOn {
        /// What: `restart`, …
        verb: String,
    },
    /// Something that was promised is due soon.
    SlaWarned {
        /// What.
        what: String,
    },
    /// Something that was promised was not kept.
    SlaBreached {
        /// What.
        what: String,
    },
    /// Somebody on call was told.
    Paged {
        /// Who.
        whom: String,
    },
    /// What had recovered failed again.
    Relapsed,
    /// What had failed works again.
    Recovered,
}

impl EventKind {
    /// As the database writes it: a word, and what belongs to it.
    pub fn to_parts(&self) -> Result<(String, Option<Value>), Error> {
        let mut whole = serde_json::to_value(self).map_err(Error::internal)?;
        let data = whole
            .get_mut("data")
            .map(Value::take)
            .filter(|data| !data.is_null());
        match whole.get("kind").and_then(Value::as_str) {
            Some(kind) => Ok((kind.to_owned(), data)),
            None => Err(Error::internal("an event without a kind")),
        }
    }

    /// What the database has.
    pub fn from_parts(kind: &str, data: Option<&Value>) -> Result<Self, Error> {
        let whole = match data {
            Some(data) => json!({ "kind": kind, "data": data }),
            None => json!({ "kind": kind }),
        };
        serde_json::from_value(whole).map_err(Error::internal)
    }

    /// Whether the tenant reads it where nothing else is said: not who of the staff works, nor how they sort.
    pub fn is_public(&self) -> bool {
        matches!(
            self,
            Self::Opened
                | Self::CustomerReplied
                | Self::StaffReplied
                | Self::StateChanged { .. }
                | Self::SeverityChanged { .. }
                | Self::Acknowledged { .. }
                | Self::Merged { .. }
                | Self::Split { .. }
                | Self::Relapsed
                | Self::Recovered
        )
    }

    /// For people, after the name of whoever did it.
    pub fn words(&self) -> String {
        match self {
            Self::Opened => "opened the ticket".to_owned(),
            Self::CustomerReplied | Self::StaffReplied => "replied".to_owned(),
            Self::Noted => "wrote a note".to_owned(),
            Self::StateChanged { from, to } => {
                format!("changed the state from {} to {}", from.label(), to.label())
            }
            Self::SeverityChanged { from, to } => {
                format!("changed the severity from {} to {}", from.label(), to.label())
            }
            Self::Assigned { to: Some(_) } => "assigned the ticket".to_owned(),
            Self::Assigned { to: None } => "took the assignee away".to_owned(),
            Self::TeamChanged => "gave it to another team".to_owned(),
            Self::Acknowledged { .. } => "acknowledged the ticket".to_owned(),
            Self::Merged { .. } => "merged it into another ticket".to_owned(),
            Self::Split { .. } => "split a part of it off".to_owned(),
            Self::Linked => "changed its links".to_owned(),
            Self::Tagged => "changed how it is sorted".to_owned(),
            Self::ActedOn { verb } => format!("acted from the ticket: {verb}"),
            Self::SlaWarned { what } => format!("warned: {what} is due soon"),
            Self::SlaBreached { what } => format!("noted that {what} is late"),
            Self::Paged { whom } => format!("paged {whom}"),
            Self::Relapsed => "saw it fail again".to_owned(),
            Self::Recovered => "saw it recover".to_owned(),
        }
    }
}

/// An entry of a ticket's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketEvent {
    /// Counts up.
    pub id: i64,
    /// Of which ticket.
    pub ticket: TicketId,
    /// When.
    pub at: DateTime<Utc>,
    /// What.
    pub kind: EventKind,
    /// Who, if it was a person whom the panel knows.
    pub actor: Option<UserId>,
    /// Whether the tenant reads it.
    pub public: bool,
}

/// An entry with what a page says besides.
#[derive(Debug, Clone)]
pub struct LoggedEvent {
    /// The entry.
    pub event: TicketEvent,
    /// What whoever did it was called then.
    pub actor_name: String,
    /// What they said about it.
    pub why: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let user = UserId(uuid::Uuid::from_u128(7));
        let kinds = [
            EventKind::Opened,
            EventKind::StateChanged {
                from: State::New,
                to: State::WaitingCustomer,
            },
            EventKind::SeverityChanged {
                from: Severity::P3,
                to: Severity::P1,
            },
            EventKind::Assigned { to: None },
            EventKind::Assigned { to: Some(user) },
            EventKind::ActedOn {
                verb: "restart".to_owned(),
            },
        ];
        for kind in kinds {
            let (word, data) = kind.to_parts().unwrap();
            assert_eq!(
                EventKind::from_parts(&word, data.as_ref()).unwrap(),
                kind,
                "{word}"
            );
        }
        let (word, data) = EventKind::StateChanged {
            from: State::New,
            to: State::InProgress,
        }
        .to_parts()
        .unwrap();
        assert_eq!(word, "state_changed");
        assert_eq!(data, Some(json!({ "from": "new", "to": "in_progress" })));
        // What else stands beside it is no mistake.
        let more = json!({ "from": "new", "to": "closed", "why": "a duplicate" });
        assert!(EventKind::from_parts("state_changed", Some(&more)).is_ok());
        let why = json!({ "why": "seen" });
        assert!(EventKind::from_parts("opened", None).is_ok());
        assert!(EventKind::from_parts("assigned", Some(&why)).is_ok());
        assert!(EventKind::from_parts("sung", None).is_err());
    }
}
