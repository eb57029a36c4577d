//! What a month came to: how available each server was, which outages there were, and whether answers came in time.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::{IncidentId, ServerId, TenantId, TicketId};

use super::{Interval, Month, Part, Percent, What, clip, credit, share, subtract, total, union};

/// How long a server was watched, and was out, in a time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Availability {
    /// What counts: when it should have run in that time, without maintenance.
    pub counted: Vec<Interval>,
    /// When it was out of that.
    pub down: Vec<Interval>,
}

impl Availability {
    /// Outages may overlap and lie partly in maintenance; each moment counts once, or not at all.
    pub fn new(
        wanted: &[Interval],
        within: Interval,
        maintenance: Vec<Interval>,
        outages: Vec<Interval>,
    ) -> Self {
        let counted = subtract(&clip(wanted, within), &union(maintenance));
        let out = union(outages);
        let down = counted.iter().flat_map(|part| clip(&out, *part)).collect();
        Self { counted, down }
    }
}

/// Whether something was in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = SlaVerdict)]
pub enum Verdict {
    /// In time.
    Met,
    /// Too late, or not yet although it was due.
    Missed,
    /// Not due yet.
    Open,
    /// Not promised, no longer needed, or told in an earlier month.
    None,
}

impl Verdict {
    /// For people.
    pub fn label(self) -> &'static str {
        match self {
            Self::Met => "Met",
            Self::Missed => "Missed",
            Self::Open => "Open",
            Self::None => "–",
        }
    }

    /// Which look a page gives it.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Met => "good",
            Self::Missed => "bad",
            Self::Open => "busy",
            Self::None => "idle",
        }
    }
}

/// A server in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SlaServer)]
pub struct ServerLine {
    /// Which.
    pub server: ServerId,
    /// What it is called.
    pub name: String,
    /// Seconds that count.
    pub counted: i64,
    /// Seconds of those in which it was out.
    pub down: i64,
    /// How available it was, in percent.
    #[schema(value_type = String, example = "99.95")]
    pub availability: Percent,
}

/// An outage in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SlaOutage)]
pub struct DownLine {
    /// Which.
    pub incident: IncidentId,
    /// Of which server.
    pub server: ServerId,
    /// What that is called.
    pub name: String,
    /// Since when.
    pub began: DateTime<Utc>,
    /// Until when; null if it was not over.
    pub ended: Option<DateTime<Utc>>,
    /// Seconds of it that count; those that overlap another outage count in both lines, and once in the server's.
    pub counted: i64,
    /// What it was.
    pub summary: String,
}

/// A ticket in a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SlaTicket)]
pub struct TicketLine {
    /// Which.
    pub ticket: TicketId,
    /// Its number.
    pub number: i64,
    /// What it is about.
    pub subject: String,
    /// How bad it was in the end: `p1` to `p4`.
    pub severity: String,
    /// When it was opened.
    pub opened_at: DateTime<Utc>,
    /// Seconds until the first answer, all of them; null without one.
    pub answered_after: Option<i64>,
    /// Whether that was in time.
    pub first_answer: Verdict,
    /// Whether all further answers were.
    pub update: Verdict,
    /// Whether it worked again in time.
    pub restore: Verdict,
}

impl TicketLine {
    /// The verdict on one thing.
    pub fn verdict(&self, what: What) -> Verdict {
        match what {
            What::FirstAnswer => self.first_answer,
            What::Update => self.update,
            What::Restore => self.restore,
        }
    }
}

/// A month's report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = SlaReport)]
pub struct Report {
    /// Whose.
    pub tenant: TenantId,
    /// What they are called.
    pub tenant_name: String,
    /// Which month: `2026-03`.
    #[schema(value_type = String, example = "2026-03")]
    pub month: Month,
    /// The time zone that the month is of.
    pub time_zone: String,
    /// When it begins.
    pub from: DateTime<Utc>,
    /// Until when it was looked at: its end, when the tenant was closed, or now.
    pub until: DateTime<Utc>,
    /// The policy, or all that held one after another; null if nothing was promised.
    pub policy: Option<String>,
    /// How available servers were to be, in percent, and the most where several policies held; null if that was not promised.
    #[schema(value_type = Option<String>, example = "99.9")]
    pub promised: Option<Percent>,
    /// How available they were, all together; null without servers.
    #[schema(value_type = Option<String>, example = "99.95")]
    pub availability: Option<Percent>,
    /// What the terms give back, in percent of the month's price: each part by its length.
    pub credit: u8,
    /// What held when. Reports from before Berth remembered that have none.
    #[serde(default)]
    pub parts: Vec<Part>,
    /// The servers.
    pub servers: Vec<ServerLine>,
    /// The outages.
    pub outages: Vec<DownLine>,
    /// The tickets.
    pub tickets: Vec<TicketLine>,
}

impl Report {
    /// Sums up its servers and its parts. `there` is when the tenant was.
    pub fn sum_up(&mut self, there: &[Interval]) {
        let sum = |seconds: fn(&ServerLine) -> i64| self.servers.iter().map(seconds).sum::<i64>();
        self.availability = share(sum(|line| line.counted), sum(|line| line.down));
        let mut names: Vec<&str> = Vec::new();
        for part in &self.parts {
            if !names.contains(&part.policy.as_str()) {
                names.push(&part.policy);
            }
        }
        self.policy = (!names.is_empty()).then(|| names.join(", "));
        self.promised = self.parts.iter().filter_map(|part| part.promised).max();
        self.credit = credit(&self.parts, there);
    }

    /// Whether servers were less available than was promised.
    pub fn is_unavailable(&self) -> bool {
        if self.parts.is_empty() {
            let both = self.availability.zip(self.promised);
            return both.is_some_and(|(was, promised)| was < promised);
        }
        self.parts.iter().any(Part::is_unavailable)
    }

    /// How often something that was due for a ticket was late.
    pub fn late(&self) -> usize {
        let verdicts = self
            .tickets
            .iter()
            .flat_map(|line| What::ALL.map(|what| line.verdict(what)));
        verdicts.filter(|verdict| *verdict == Verdict::Missed).count()
    }

    /// Whether anything that was promised was not kept.
    pub fn is_missed(&self) -> bool {
        self.is_unavailable() || self.late() > 0
    }
}

/// Seconds, as people say them: `2 d 3 h`, `1 h 5 min`, `40 s`.
pub fn lasted(seconds: i64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600 % 24, seconds / 60 % 60);
    match (days, hours, minutes) {
        (0, 0, 0) => format!("{seconds} s"),
        (0, 0, _) => format!("{minutes} min"),
        (0, _, _) => format!("{hours} h {minutes} min"),
        _ => format!("{days} d {hours} h"),
    }
}

/// Whole seconds of a set.
pub fn seconds(set: &[Interval]) -> i64 {
    total(set).num_seconds()
}

#[cfg(test)]
mod tests {
    use super::super::samples::at;
    use super::*;

    #[test]
    fn overlapping_outages_count_once_and_maintenance_not_at_all() {
        let hour = |from: u32, to: u32| {
            (
                at(&format!("2026-03-10T{from:02}:00:00Z")),
                at(&format!("2026-03-10T{to:02}:00:00Z")),
            )
        };
        let found = Availability::new(
            &[hour(2, 20)],
            hour(0, 23),
            vec![hour(10, 12)],
            vec![hour(1, 4), hour(3, 5), hour(11, 13), hour(19, 22)],
        );
        assert_eq!(found.counted, [hour(2, 10), hour(12, 20)]);
        assert_eq!(found.down, [hour(2, 5), hour(12, 13), hour(19, 20)]);
        assert_eq!(seconds(&found.down), 5 * 3_600);
    }

    #[test]
    fn times_are_said_in_their_largest_units() {
        let said = [5, 65, 3_900, 90_000].map(lasted);
        assert_eq!(said, ["5 s", "1 min", "1 h 5 min", "1 d 1 h"]);
    }
}
