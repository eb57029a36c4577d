//! What several pages of tickets have.

use askama::Template;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::TicketId;
use crate::platform::web::{Fragment, ago};

use super::super::TOPIC;
use super::super::model::{Severity, State, Ticket};

/// An option of a select.
#[derive(Debug)]
pub(super) struct Choice {
    pub(super) value: String,
    pub(super) label: String,
    pub(super) is_chosen: bool,
}

impl Choice {
    /// All of a select.
    pub(super) fn all<V: Into<String>, L: Into<String>>(
        options: impl IntoIterator<Item = (V, L)>,
        chosen: &str,
    ) -> Vec<Self> {
        let option = |(value, label): (V, L)| {
            let value = value.into();
            Self {
                is_chosen: value == chosen,
                value,
                label: label.into(),
            }
        };
        options.into_iter().map(option).collect()
    }
}

/// All states, after what stands first.
pub(super) fn states<'a>(first: &'a [(&'a str, &'a str)]) -> impl Iterator<Item = (&'a str, &'a str)> {
    let all = State::ALL.into_iter().map(|state| (state.word(), state.label()));
    first.iter().copied().chain(all)
}

/// All severities, after what stands first.
pub(super) fn severities(first: Option<&'static str>) -> impl Iterator<Item = (&'static str, &'static str)> {
    let all = Severity::ALL.into_iter().map(|one| (one.word(), one.label()));
    first.map(|label| ("", label)).into_iter().chain(all)
}

/// The status macro's word for a state. Nothing in it moves: a queue has many rows.
pub(super) fn look(state: State) -> &'static str {
    match state {
        State::New => "warn",
        State::Reopened => "bad",
        State::Acknowledged | State::InProgress | State::Resolved => "good",
        State::WaitingCustomer | State::WaitingProvider | State::Closed => "idle",
    }
}

/// The ticket that an event is about.
pub(super) fn subject(event: &Event) -> Option<TicketId> {
    event.target_id.filter(|_| event.topic == TOPIC).map(TicketId)
}

/// A part as a page has it.
pub(super) fn html(part: &impl Template) -> Result<String, Error> {
    part.render().map_err(Error::internal)
}

/// Since when a list is on the screen, in microseconds. What was opened later is not in it yet; a later page of a list says
/// nothing, since what is new has no place there.
#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Since {
    #[serde(default)]
    since: Option<i64>,
}

impl Since {
    /// As a part of the stream's address.
    pub(super) fn now(now: DateTime<Utc>) -> String {
        format!("&since={}", now.timestamp_micros())
    }

    /// Whether the list may lack the ticket.
    pub(super) fn may_lack(self, ticket: &Ticket) -> bool {
        self.since
            .is_some_and(|since| ticket.opened_at.timestamp_micros() >= since)
    }
}

/// Draws a row of a list anew where it is shown, or puts one first that is new: a second time it replaces itself.
pub(super) fn place(id: TicketId, row: &str, is_new: bool) -> Fragment {
    let id = id.to_string();
    if is_new {
        Fragment::default().remove(&id).prepend("ticket-rows", row)
    } else {
        Fragment::default().replace(&id, row)
    }
}

/// What of a ticket changes while somebody looks at its page.
#[derive(Debug)]
pub(super) struct Facts {
    pub(super) severity: Severity,
    pub(super) state: State,
    pub(super) look: &'static str,
    pub(super) opened: String,
    pub(super) opened_ago: String,
}

impl Facts {
    /// Those of a ticket.
    pub(super) fn new(ticket: &Ticket, now: DateTime<Utc>) -> Self {
        Self {
            severity: ticket.severity,
            state: ticket.state,
            look: look(ticket.state),
            opened: ticket.opened_at.to_rfc3339(),
            opened_ago: ago(ticket.opened_at, now),
        }
    }
}
