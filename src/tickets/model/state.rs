//! How far a ticket is, and who may bring it further: the one table of it.

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::error::Error;

/// How long a closed ticket is opened again by an answer. Later the answer is about something else.
pub const REOPEN_WITHIN: TimeDelta = TimeDelta::days(14);
/// How long a resolved ticket waits for somebody who disagrees before it is closed by itself.
pub const CLOSE_AFTER: TimeDelta = TimeDelta::days(7);

/// How far a ticket is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketState)]
pub enum State {
    /// Nobody has looked at it.
    New,
    /// Somebody has, and takes care of it.
    Acknowledged,
    /// It is being worked on.
    InProgress,
    /// Only the customer can go on.
    WaitingCustomer,
    /// Only somebody whom we depend on can go on.
    WaitingProvider,
    /// It works again, as far as we know.
    Resolved,
    /// It is over.
    Closed,
    /// It was over, and is not.
    Reopened,
}

/// Whose hand it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = TicketSide)]
pub enum Side {
    /// The tenant's people.
    Customer,
    /// The provider's people.
    Staff,
    /// The panel.
    System,
}

impl Side {
    /// As the database writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Customer => "customer",
            Self::Staff => "staff",
            Self::System => "system",
        }
    }

    /// The side of a word of the database.
    pub fn read(word: &str) -> Self {
        match word {
            "customer" => Self::Customer,
            "staff" => Self::Staff,
            _ => Self::System,
        }
    }
}

/// Why a state does not follow on another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It is not in the table.
    #[error("A ticket that is {} does not become {}.", .from.label().to_lowercase(), .to.label().to_lowercase())]
    NoWay {
        /// What it is.
        from: State,
        /// What it should become.
        to: State,
    },
    /// It has been closed for too long.
    #[error("This ticket was closed more than 14 days ago. Open a new one, and name this one in it.")]
    ClosedLongAgo,
}

impl From<Refused> for Error {
    fn from(refused: Refused) -> Self {
        let code = match refused {
            Refused::NoWay { .. } => "ticket-state",
            Refused::ClosedLongAgo => "ticket-closed",
        };
        Self::conflict(code, refused.to_string())
    }
}

impl State {
    /// All, in the order of a ticket's life.
    pub const ALL: [Self; 8] = [
        Self::New,
        Self::Acknowledged,
        Self::InProgress,
        Self::WaitingCustomer,
        Self::WaitingProvider,
        Self::Reopened,
        Self::Resolved,
        Self::Closed,
    ];

    /// As the database and addresses write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Acknowledged => "acknowledged",
            Self::InProgress => "in_progress",
            Self::WaitingCustomer => "waiting_customer",
            Self::WaitingProvider => "waiting_provider",
            Self::Resolved => "resolved",
            Self::Closed => "closed",
            Self::Reopened => "reopened",
        }
    }

    /// The state of a word.
    pub fn parse(word: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|one| one.word() == word);
        known.ok_or_else(|| format!("Use {}.", Self::ALL.map(Self::word).join(", ")))
    }

    /// The state of a word of the database; one that nobody knows wants to be looked at.
    pub fn read(word: &str) -> Self {
        Self::parse(word).unwrap_or(Self::New)
    }

    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::New => "New",
            Self::Acknowledged => "Acknowledged",
            Self::InProgress => "In progress",
            Self::WaitingCustomer => "Waiting for customer",
            Self::WaitingProvider => "Waiting for provider",
            Self::Resolved => "Resolved",
            Self::Closed => "Closed",
            Self::Reopened => "Reopened",
        }
    }

    /// Whether there is still something to do.
    pub fn is_open(self) -> bool {
        !matches!(self, Self::Resolved | Self::Closed)
    }

    /// Whether nobody has said yet that they take care of it.
    pub fn wants_acknowledgement(self) -> bool {
        matches!(self, Self::New | Self::Reopened)
    }

    /// Whether `side` may bring a ticket from here to `to`. The panel may what staff may.
    pub fn may_become(self, to: Self, side: Side) -> bool {
        match (side, to) {
            (_, Self::New)
            | (
                Side::Customer,
                Self::Acknowledged | Self::InProgress | Self::WaitingCustomer | Self::WaitingProvider,
            ) => false,
            (_, Self::Reopened) => !self.is_open(),
            (_, Self::Resolved) => self.is_open(),
            (Side::Customer, Self::Closed) => self == Self::Resolved,
            (_, Self::Closed) => self != Self::Closed,
            (_, Self::Acknowledged) => self.wants_acknowledgement(),
            (_, Self::InProgress | Self::WaitingCustomer | Self::WaitingProvider) => {
                self.is_open() && self != to
            }
        }
    }

    /// What `side` may make of a ticket in this state.
    pub fn next(self, side: Side) -> Vec<Self> {
        Self::ALL
            .into_iter()
            .filter(|to| self.may_become(*to, side))
            .collect()
    }

    /// Refuses what is not in the table, and customers what was closed long ago.
    pub fn check(
        self,
        to: Self,
        side: Side,
        (closed_at, now): (Option<DateTime<Utc>>, DateTime<Utc>),
    ) -> Result<(), Refused> {
        if !self.may_become(to, side) {
            return Err(Refused::NoWay { from: self, to });
        }
        if side == Side::Customer && closed_at.is_some_and(|at| now - at > REOPEN_WITHIN) {
            return Err(Refused::ClosedLongAgo);
        }
        Ok(())
    }
}

/// What a ticket becomes by an answer of `side`; nothing where it stays what it is.
pub fn after_reply(
    state: State,
    side: Side,
    (closed_at, now): (Option<DateTime<Utc>>, DateTime<Utc>),
) -> Result<Option<State>, Refused> {
    let to = match (side, state) {
        (Side::Customer, State::WaitingCustomer) => return Ok(Some(State::InProgress)),
        (Side::Customer, State::Resolved | State::Closed) => State::Reopened,
        (Side::Staff, state) if state.wants_acknowledgement() => State::Acknowledged,
        _ => return Ok(None),
    };
    state.check(to, side, (closed_at, now)).map(|()| Some(to))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each state: what staff, and what customers may make of it.
    const TABLE: [(State, &str, &str); 8] = [
        (
            State::New,
            "acknowledged in_progress waiting_customer waiting_provider resolved closed",
            "resolved",
        ),
        (
            State::Acknowledged,
            "in_progress waiting_customer waiting_provider resolved closed",
            "resolved",
        ),
        (
            State::InProgress,
            "waiting_customer waiting_provider resolved closed",
            "resolved",
        ),
        (
            State::WaitingCustomer,
            "in_progress waiting_provider resolved closed",
            "resolved",
        ),
        (
            State::WaitingProvider,
            "in_progress waiting_customer resolved closed",
            "resolved",
        ),
        (
            State::Reopened,
            "acknowledged in_progress waiting_customer waiting_provider resolved closed",
            "resolved",
        ),
        (State::Resolved, "reopened closed", "reopened closed"),
        (State::Closed, "reopened", "reopened"),
    ];

    #[test]
    fn each_side_makes_of_a_ticket_what_the_table_says_and_nothing_else() {
        let words = |state: State, side| state.next(side).into_iter().map(State::word).collect::<Vec<_>>();
        for (state, staff, customer) in TABLE {
            assert_eq!(words(state, Side::Staff).join(" "), staff, "{state:?}");
            assert_eq!(words(state, Side::Customer).join(" "), customer, "{state:?}");
            assert_eq!(words(state, Side::System), words(state, Side::Staff), "{state:?}");
            assert_eq!(State::parse(state.word()), Ok(state));
        }
    }

    #[test]
    fn an_answer_moves_a_ticket_on() {
        let now = DateTime::UNIX_EPOCH + TimeDelta::days(100);
        let reply = |state, side, days| {
            let closed = (state == State::Closed).then(|| now - TimeDelta::days(days));
            after_reply(state, side, (closed, now))
        };
        for state in State::ALL {
            let customer = match state {
                State::WaitingCustomer => Some(State::InProgress),
                State::Resolved | State::Closed => Some(State::Reopened),
                _ => None,
            };
            let staff = state.wants_acknowledgement().then_some(State::Acknowledged);
            assert_eq!(reply(state, Side::Customer, 14), Ok(customer), "{state:?}");
            assert_eq!(reply(state, Side::Staff, 99), Ok(staff), "{state:?}");
            assert_eq!(reply(state, Side::System, 99), Ok(None), "{state:?}");
        }
        assert_eq!(
            reply(State::Closed, Side::Customer, 15),
            Err(Refused::ClosedLongAgo)
        );
        let late = (Some(now - TimeDelta::days(15)), now);
        let staff = State::Closed.check(State::Reopened, Side::Staff, late);
        assert_eq!(staff, Ok(()), "staff open again whatever they like");
    }
}
