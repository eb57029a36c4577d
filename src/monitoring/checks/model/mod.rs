//! What a check is, and what follows from what it finds. Pure.

mod defaults;
mod grid;
mod input;
mod judge;
mod kind;
mod rules;

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::ids::{CheckId, ServerId, TenantId};

pub use defaults::defaults;
pub use grid::{late_by, next_at};
pub use input::{CheckInput, Dependence, NewCheck, Rule};
pub use judge::{Looked, Memory};
pub use kind::{CheckKind, DnsRecord};

/// How many checks a server has at most.
pub const MAX_CHECKS: i64 = 30;

/// How a check is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckState {
    /// Not known: new, paused, or its server is not meant to run.
    Pending,
    /// As it should be.
    Good,
    /// It failed as often as it takes.
    Bad,
    /// It failed as often, but so does what it depends on, which is told instead.
    Held,
}

impl CheckState {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Good, Self::Bad, Self::Held];

    /// As database and API write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Held => "held",
        }
    }

    /// Reads the database's word; its check constraint leaves no other.
    pub fn read(word: &str) -> Self {
        let mut all = Self::ALL.into_iter();
        all.find(|known| known.word() == word).unwrap_or(Self::Pending)
    }

    /// As pages write it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Pending => "not known",
            Self::Good => "well",
            Self::Bad => "failing",
            Self::Held => "failing with others",
        }
    }

    /// The tone of its sign.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Pending => "idle",
            Self::Good => "good",
            Self::Bad => "bad",
            Self::Held => "warn",
        }
    }
}

/// A check as the database knows it.
#[derive(Debug, Clone)]
pub struct Check {
    /// Its id.
    pub id: CheckId,
    /// Whose it is.
    pub tenant: TenantId,
    /// What its tenant is called.
    pub tenant_name: String,
    /// What it looks at.
    pub server: ServerId,
    /// What that is called.
    pub server_name: String,
    /// What people call it.
    pub name: String,
    /// What is looked at.
    pub kind: CheckKind,
    /// How often, and when it counts as failing.
    pub rule: Rule,
    /// When its failure is not told.
    pub dependence: Dependence,
    /// Whether it waits for somebody to resume it.
    pub is_paused: bool,
    /// How it is.
    pub state: CheckState,
    /// Since when.
    pub state_at: DateTime<Utc>,
    /// When somebody looked last.
    pub last_at: Option<DateTime<Utc>>,
    /// How many thousandths of a second that took.
    pub took_ms: Option<i32>,
    /// What was found.
    pub message: String,
    /// When it is looked at next.
    pub next_at: Option<DateTime<Utc>>,
    /// What was counted in the hour that is under way.
    pub hour: Option<Hour>,
    /// Counts changes.
    pub version: i64,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last changed.
    pub updated_at: DateTime<Utc>,
}

impl Check {
    /// What sort of check it is, for people.
    pub fn kind_label(&self) -> &'static str {
        self.kind.label()
    }

    /// How it is, in a word for people.
    pub fn state_label(&self) -> &'static str {
        if self.is_paused {
            "paused"
        } else {
            self.state.label()
        }
    }

    /// The tone of its sign.
    pub fn tone(&self) -> &'static str {
        if self.is_paused { "idle" } else { self.state.tone() }
    }
}

/// What was counted in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hour {
    /// When it began.
    pub at: DateTime<Utc>,
    /// Looks that found all well.
    pub good: i32,
    /// And those that did not.
    pub bad: i32,
    /// How many thousandths of a second they took together.
    pub took_ms: i64,
}

impl Hour {
    /// Counts a look, and gives the hour before if this one is another.
    pub fn count(
        hour: Option<Self>,
        is_good: bool,
        took_ms: i32,
        now: DateTime<Utc>,
    ) -> (Self, Option<Self>) {
        let begin = crate::usage::model::floor(now, chrono::TimeDelta::hours(1));
        let (mut this, before) = match hour {
            Some(hour) if hour.at == begin => (hour, None),
            before => (
                Self {
                    at: begin,
                    good: 0,
                    bad: 0,
                    took_ms: 0,
                },
                before,
            ),
        };
        this.good += i32::from(is_good);
        this.bad += i32::from(!is_good);
        this.took_ms += i64::from(took_ms);
        (this, before)
    }
}

/// A change of a check's state.
#[derive(Debug, Clone)]
pub struct Turn {
    /// When.
    pub at: DateTime<Utc>,
    /// To what.
    pub state: CheckState,
    /// What was found.
    pub message: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_hour_is_counted_and_then_the_next() {
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        let (hour, before) = Hour::count(None, true, 12, at("2026-03-10T12:59:59Z"));
        assert_eq!((hour.at, before), (at("2026-03-10T12:00:00Z"), None));
        let (hour, _) = Hour::count(Some(hour), false, 8, at("2026-03-10T12:59:59Z"));
        assert_eq!((hour.good, hour.bad, hour.took_ms), (1, 1, 20));
        let (next, before) = Hour::count(Some(hour), true, 1, at("2026-03-10T13:00:00Z"));
        assert_eq!((before, next.good, next.bad), (Some(hour), 1, 0));
    }
}
