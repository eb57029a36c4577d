//! How tickets hang together. Pure.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::TicketId;
use crate::tickets::model::State;

/// What one ticket has to do with another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketLinkKind)]
pub enum Kind {
    /// They are worth reading together.
    Relates,
    /// It is about the same as the other.
    Duplicates,
    /// What the other is about made it.
    CausedBy,
}

impl Kind {
    /// All.
    pub const ALL: [Self; 3] = [Self::Relates, Self::Duplicates, Self::CausedBy];

    /// As the database and forms write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Relates => "relates",
            Self::Duplicates => "duplicates",
            Self::CausedBy => "caused_by",
        }
    }

    /// The kind of a word.
    pub fn parse(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|kind| kind.word() == word);
        known.ok_or_else(|| "Use relates, duplicates or caused_by.".to_owned())
    }

    /// The kind of a word of the database.
    pub fn read(word: &str) -> Self {
        Self::parse(word).unwrap_or(Self::Relates)
    }

    /// For people, from the side of the ticket that has it, or of the other one.
    pub fn label(self, is_outgoing: bool) -> &'static str {
        match (self, is_outgoing) {
            (Self::Relates, _) => "Relates to",
            (Self::Duplicates, true) => "Duplicates",
            (Self::Duplicates, false) => "Duplicated by",
            (Self::CausedBy, true) => "Caused by",
            (Self::CausedBy, false) => "Causes",
        }
    }

    /// Whether it may lead in no circle.
    pub fn has_direction(self) -> bool {
        self != Self::Relates
    }
}

/// Another ticket, as a ticket that hangs together with it shows it.
#[derive(Debug, Clone)]
pub struct Other {
    /// Its id.
    pub id: TicketId,
    /// What people call it by.
    pub number: i64,
    /// What it is about.
    pub subject: String,
    /// How far it is.
    pub state: State,
}

/// A link as one of its tickets has it.
#[derive(Debug, Clone)]
pub struct Linked {
    /// The other ticket.
    pub other: Other,
    /// What they have to do with each other.
    pub kind: Kind,
    /// Whether this ticket has it.
    pub is_outgoing: bool,
}

impl Linked {
    /// What it is, from this ticket's side.
    pub fn label(&self) -> &'static str {
        self.kind.label(self.is_outgoing)
    }
}

/// A ticket as people name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Named {
    /// By its number.
    Number(i64),
    /// By its id.
    Id(TicketId),
}

impl Named {
    /// `12`, `#12` or an id.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        let number = text.strip_prefix('#').unwrap_or(text).parse();
        match (number, text.parse()) {
            (Ok(number), _) if number > 0 => Ok(Self::Number(number)),
            (_, Ok(id)) => Ok(Self::Id(id)),
            _ => Err("Name a ticket by its number, such as 12.".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tickets_are_named_by_number_or_id() {
        let id = TicketId(uuid::Uuid::from_u128(7));
        assert_eq!(Named::parse(" #12 "), Ok(Named::Number(12)));
        assert_eq!(Named::parse("12"), Ok(Named::Number(12)));
        assert_eq!(Named::parse(&id.to_string()), Ok(Named::Id(id)));
        for bad in ["", "#", "-1", "0", "twelve", "srv_01h455vb4pex5vsknk084sn02q"] {
            assert!(Named::parse(bad).is_err(), "{bad}");
        }
        for kind in Kind::ALL {
            assert_eq!(Kind::read(kind.word()), kind);
        }
    }
}
