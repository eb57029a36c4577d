//! A clock of a ticket, and what of a ticket's log moves it. Pure.

use chrono::{DateTime, Utc};

use crate::tickets::{EventKind, Severity, Source, State, Ticket, TicketEvent};

use super::model::{At, What};

/// One clock of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Clock {
    /// What is due.
    pub what: What,
    /// When; while the clock stands still, when it would have been had it gone on.
    pub due_at: DateTime<Utc>,
    /// Whether it stands still.
    pub paused: bool,
    /// When it was done.
    pub met_at: Option<DateTime<Utc>>,
    /// Whether it was not done in time.
    pub breached: bool,
}

impl Clock {
    /// What it is about, for people.
    pub fn label(&self) -> &'static str {
        self.what.label()
    }

    /// How it is, in a word.
    pub fn word(&self) -> &'static str {
        match (self.breached, self.met_at, self.paused) {
            (true, ..) => "Missed",
            (false, Some(_), _) => "Met",
            (false, None, true) => "Paused",
            (false, None, false) => "Due",
        }
    }

    /// Which look a page gives it.
    pub fn tone(&self) -> &'static str {
        match (self.breached, self.met_at, self.paused) {
            (true, ..) => "bad",
            (false, Some(_), _) => "good",
            (false, None, true) => "idle",
            (false, None, false) => "busy",
        }
    }

    /// Whether it counts down, or says how late it is.
    pub fn runs(&self) -> bool {
        self.met_at.is_none() && !self.paused
    }

    /// When it is due, for programs.
    pub fn iso(&self) -> String {
        self.due_at.to_rfc3339()
    }

    /// When it is due, for people without script.
    pub fn shown(&self) -> String {
        self.due_at.format("%-d %b %Y, %H:%M UTC").to_string()
    }
}

/// What of a ticket's log moves its clocks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fact {
    Replied,
    State(State),
    Severity(Severity),
    Merged,
    /// The tenant was closed.
    Left,
    /// It is open again.
    Back,
}

/// A ticket's log, as its clocks see it.
#[derive(Debug, Clone)]
pub(super) struct Story {
    pub(super) opened_at: At,
    pub(super) severity: Severity,
    pub(super) facts: Vec<(At, Fact)>,
}

impl Story {
    /// Reads a ticket's log. `closings` says when its tenant was closed, and when it was back.
    pub(super) fn new(ticket: &Ticket, events: &[TicketEvent], closings: &[(At, bool)]) -> Self {
        let mut severity = None;
        let mut facts = Vec::new();
        if ticket.source == Source::Staff {
            facts.push((ticket.opened_at, Fact::Replied));
        }
        for event in events {
            let fact = match &event.kind {
                EventKind::StaffReplied if event.public => Fact::Replied,
                EventKind::StateChanged { to, .. } => Fact::State(*to),
                EventKind::SeverityChanged { from, to } => {
                    severity.get_or_insert(*from);
                    Fact::Severity(*to)
                }
                EventKind::Merged { .. } => Fact::Merged,
                _ => continue,
            };
            facts.push((event.at, fact));
        }
        for (at, is_closed) in closings {
            let fact = if *is_closed { Fact::Left } else { Fact::Back };
            facts.push(((*at).max(ticket.opened_at), fact));
        }
        facts.sort_by_key(|(at, _)| *at);
        Self {
            opened_at: ticket.opened_at,
            severity: severity.unwrap_or(ticket.severity),
            facts,
        }
    }
}
