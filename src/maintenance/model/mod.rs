//! What a maintenance window is, what somebody types, and what is told when. Pure.

mod input;
mod timing;

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::ids::{LocationId, MaintenanceId, ServerId};

pub use input::{NewMaintenance, Place, WindowText};
pub use timing::{Period, Repeat, Timing, merged};

/// So long before it begins people are reminded.
const REMIND: TimeDelta = TimeDelta::hours(1);

/// Who was told less than so long before it begins needs no reminder.
const RECENT: TimeDelta = TimeDelta::minutes(90);

/// A window as it was announced.
#[derive(Debug, Clone)]
pub struct Maintenance {
    /// Its id.
    pub id: MaintenanceId,
    /// In a line.
    pub title: String,
    /// What customers read.
    pub body: String,
    /// Where.
    pub place: Place,
    /// Where, for people.
    pub place_name: String,
    /// When.
    pub timing: Timing,
    /// How long before customers are told.
    pub lead_hours: i32,
    /// When it was called off.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// Counts changes.
    pub version: i64,
    /// Who announced it.
    pub created_by: String,
}

/// One time of a window, as everybody sees it whom it concerns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// Which window.
    pub id: MaintenanceId,
    /// In a line.
    pub title: String,
    /// What customers read.
    pub body: String,
    /// The location, if it is about one.
    pub location: Option<LocationId>,
    /// The server, if it is about one.
    pub server: Option<ServerId>,
    /// Where, for people.
    pub place: String,
    /// From when.
    pub begins_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// Whether it was called off.
    pub is_cancelled: bool,
}

impl Window {
    /// Tone and word of how it is.
    pub fn words(&self, now: DateTime<Utc>) -> (&'static str, &'static str) {
        match (self.is_cancelled, self.begins_at <= now, self.ends_at <= now) {
            (true, ..) => ("idle", "Called off"),
            (_, _, true) => ("good", "Over"),
            (_, true, _) => ("busy", "Under way"),
            _ => ("warn", "Planned"),
        }
    }
}

/// One time of a window, and what was told about it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_field_names, reason = "moments end so everywhere")]
pub struct Run {
    /// From when.
    pub begins_at: DateTime<Utc>,
    /// Until when.
    pub ends_at: DateTime<Utc>,
    /// When it was called off.
    pub cancelled_at: Option<DateTime<Utc>>,
    /// When people were told.
    pub told_at: Option<DateTime<Utc>>,
    /// When they were reminded.
    pub reminded_at: Option<DateTime<Utc>>,
    /// When the last thing was told.
    pub closed_at: Option<DateTime<Utc>>,
}

/// What is to be told about a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Notice {
    /// That it comes.
    Announced,
    /// That it comes soon.
    Reminder,
    /// That it is over.
    Ended,
    /// That it does not come.
    Cancelled,
    /// Nothing any more: nobody was told of it.
    Nothing,
}

impl Run {
    /// What is to be told now.
    pub fn due(&self, lead_hours: i32, now: DateTime<Utc>) -> Option<Notice> {
        let is_known = self.told_at.is_some();
        let lead = TimeDelta::hours(i64::from(lead_hours));
        let was_told_lately = self.told_at.is_some_and(|told| told > self.begins_at - RECENT);
        let is_near = now >= self.begins_at - REMIND && now < self.begins_at;
        match self.cancelled_at {
            _ if self.closed_at.is_some() => None,
            Some(_) if is_known => Some(Notice::Cancelled),
            None if is_known && now >= self.ends_at => Some(Notice::Ended),
            _ if self.cancelled_at.is_some() || now >= self.ends_at => Some(Notice::Nothing),
            _ if !is_known && now >= self.begins_at - lead => Some(Notice::Announced),
            _ if is_near && is_known && !was_told_lately && self.reminded_at.is_none() => {
                Some(Notice::Reminder)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(hour: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000 + hour * 3600, 0).unwrap()
    }

    fn run() -> Run {
        Run {
            begins_at: at(100),
            ends_at: at(102),
            cancelled_at: None,
            told_at: None,
            reminded_at: None,
            closed_at: None,
        }
    }

    /// What is told by somebody who looks every ten minutes from `begin` on.
    fn told_from(mut run: Run, begin: i64) -> Vec<(i64, Notice)> {
        let mut told = Vec::new();
        for step in begin * 6..110 * 6 {
            let now = at(0) + TimeDelta::minutes(step * 10);
            while let Some(notice) = run.due(72, now) {
                match notice {
                    Notice::Announced => run.told_at = Some(now),
                    Notice::Reminder => run.reminded_at = Some(now),
                    _ => run.closed_at = Some(now),
                }
                told.push((step / 6, notice));
            }
        }
        told
    }

    #[test]
    fn people_are_told_before_reminded_and_told_after() {
        let told = told_from(run(), 0);
        let expected = [
            (28, Notice::Announced),
            (99, Notice::Reminder),
            (102, Notice::Ended),
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn who_is_told_late_needs_no_reminder() {
        let told = told_from(run(), 99);
        assert_eq!(told, [(99, Notice::Announced), (102, Notice::Ended)]);
        assert_eq!(told_from(run(), 101)[0], (101, Notice::Announced));
        assert_eq!(told_from(run(), 103), [(103, Notice::Nothing)], "it is long over");
    }

    #[test]
    fn that_it_is_called_off_is_told_to_who_knows_of_it() {
        let cancelled = Run {
            cancelled_at: Some(at(50)),
            ..run()
        };
        assert_eq!(told_from(cancelled.clone(), 50), [(50, Notice::Nothing)]);
        let known = Run {
            told_at: Some(at(40)),
            ..cancelled
        };
        assert_eq!(told_from(known, 50), [(50, Notice::Cancelled)]);
    }
}
