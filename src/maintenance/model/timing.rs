//! When a window is: once or again and again, by the wall clock of a time zone. Pure.
//!
//! A time that does not exist, because the clock was set forward over it, counts as the first moment after the gap; one that comes
//! twice counts once, the first time. A window lasts its minutes, whatever clocks do meanwhile.

use chrono::{DateTime, Days, Months, NaiveDate, NaiveDateTime, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// No clock was ever set forward by more than a day.
const GAP: i64 = 26 * 60;

/// How often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MaintenanceRepeat)]
pub enum Repeat {
    /// Once.
    Once,
    /// Every day.
    Daily,
    /// Every week, on the same day.
    Weekly,
    /// Every month, on the same day; on the last one where there is no such day.
    Monthly,
}

impl Repeat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Once, Self::Daily, Self::Weekly, Self::Monthly];

    /// As database, API and forms write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// As pages write it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Once => "Once",
            Self::Daily => "Every day",
            Self::Weekly => "Every week",
            Self::Monthly => "Every month",
        }
    }

    /// The one of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.word() == word)
    }
}

/// A time from when until when.
pub type Period = (DateTime<Utc>, DateTime<Utc>);

/// When a window is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// When it is for the first time, by the clock on the wall.
    pub first: NaiveDateTime,
    /// How long it lasts.
    pub minutes: i32,
    /// How often it is.
    pub repeat: Repeat,
    /// Whose clock.
    pub zone: Tz,
    /// The last day on which it may begin.
    pub until: Option<NaiveDate>,
}

impl Timing {
    /// The moment that a clock on the wall shows a time.
    fn moment(&self, local: NaiveDateTime) -> DateTime<Utc> {
        let mut minutes = (0..GAP).map(|minute| local + TimeDelta::minutes(minute));
        let found = minutes.find_map(|local| self.zone.from_local_datetime(&local).earliest());
        found.map_or_else(|| local.and_utc(), |at| at.with_timezone(&Utc))
    }

    /// The wall clock's time at the `number`th occurrence, from 0 on.
    fn local(&self, number: u32) -> Option<NaiveDateTime> {
        let local = match self.repeat {
            Repeat::Once => Some(self.first).filter(|_| number == 0),
            Repeat::Daily => self.first.checked_add_days(Days::new(u64::from(number))),
            Repeat::Weekly => self.first.checked_add_days(Days::new(u64::from(number) * 7)),
            Repeat::Monthly => self.first.checked_add_months(Months::new(number)),
        };
        local.filter(|local| self.until.is_none_or(|until| local.date() <= until))
    }

    /// The times that begin from `from` on and before `to`.
    pub fn occurrences(&self, from: DateTime<Utc>, to: DateTime<Utc>) -> Vec<Period> {
        let length = TimeDelta::minutes(i64::from(self.minutes));
        let all = (0..).map_while(|number| self.local(number));
        all.map(|local| self.moment(local))
            .take_while(|begins| *begins < to)
            .filter(|begins| *begins >= from)
            .map(|begins| (begins, begins + length))
            .collect()
    }

    /// The first time of all.
    pub fn begins(&self) -> Option<DateTime<Utc>> {
        self.local(0).map(|local| self.moment(local))
    }
}

/// Periods as one would walk through them: in order, what touches or overlaps as one, and nothing outside of a time.
pub fn merged(mut periods: Vec<Period>, (from, to): Period) -> Vec<Period> {
    periods.sort_unstable();
    let mut all: Vec<Period> = Vec::new();
    for (begins, ends) in periods {
        let (begins, ends) = (begins.max(from), ends.min(to));
        match all.last_mut() {
            _ if begins >= ends => {}
            Some(last) if begins <= last.1 => last.1 = last.1.max(ends),
            _ => all.push((begins, ends)),
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use chrono::{Datelike as _, Timelike as _};
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    fn timing(first: &str, repeat: Repeat, zone: &str) -> Timing {
        Timing {
            first: first.parse().unwrap(),
            minutes: 120,
            repeat,
            zone: zone.parse().unwrap(),
            until: None,
        }
    }

    #[track_caller]
    fn begins(timing: &Timing, expected: &[&str]) {
        let from = timing.begins().unwrap();
        let found = timing.occurrences(from, from + TimeDelta::days(366));
        let found: Vec<_> = found
            .iter()
            .take(expected.len())
            .map(|(begins, _)| *begins)
            .collect();
        let expected: Vec<_> = expected.iter().map(|text| at(text)).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn a_day_keeps_its_hour_when_clocks_are_set() {
        begins(
            &timing("2026-03-28T02:30:00", Repeat::Daily, "Europe/Berlin"),
            &[
                "2026-03-28T01:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-30T00:30:00Z",
            ],
        );
    }

    #[test]
    fn a_week_keeps_its_hour_when_clocks_are_set() {
        let weekly = timing("2026-03-21T02:30:00", Repeat::Weekly, "Europe/Berlin");
        // On 29 March it is 3:00 right after 1:59.
        begins(
            &timing("2026-03-22T02:30:00", Repeat::Weekly, "Europe/Berlin"),
            &[
                "2026-03-22T01:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-04-05T00:30:00Z",
            ],
        );
        begins(
            &weekly,
            &[
                "2026-03-21T01:30:00Z",
                "2026-03-28T01:30:00Z",
                "2026-04-04T00:30:00Z",
            ],
        );
        // On 25 October it is 2:30 twice.
        begins(
            &timing("2026-10-18T02:30:00", Repeat::Weekly, "Europe/Berlin"),
            &[
                "2026-10-18T00:30:00Z",
                "2026-10-25T00:30:00Z",
                "2026-11-01T01:30:00Z",
            ],
        );
    }

    #[test]
    fn a_month_without_the_day_takes_its_last() {
        begins(
            &timing("2026-01-31T22:00:00", Repeat::Monthly, "UTC"),
            &[
                "2026-01-31T22:00:00Z",
                "2026-02-28T22:00:00Z",
                "2026-03-31T22:00:00Z",
                "2026-04-30T22:00:00Z",
            ],
        );
        // A day that an island skipped.
        begins(
            &timing("2011-12-30T12:00:00", Repeat::Once, "Pacific/Apia"),
            &["2011-12-30T10:00:00Z"],
        );
    }

    #[test]
    fn once_is_once_and_until_is_the_last_day() {
        let once = timing("2026-03-21T02:30:00", Repeat::Once, "UTC");
        let all = once.occurrences(at("2020-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"));
        assert_eq!(all, [(at("2026-03-21T02:30:00Z"), at("2026-03-21T04:30:00Z"))]);
        let until = Timing {
            until: NaiveDate::from_ymd_opt(2026, 4, 4),
            ..timing("2026-03-21T02:30:00", Repeat::Weekly, "UTC")
        };
        let all = until.occurrences(at("2020-01-01T00:00:00Z"), at("2030-01-01T00:00:00Z"));
        assert_eq!(all.len(), 3);
    }

    #[test]
    fn periods_are_merged_and_cut() {
        let time = |hour: u32| at("2026-03-10T00:00:00Z") + TimeDelta::hours(i64::from(hour));
        let all = vec![
            (time(9), time(12)),
            (time(1), time(3)),
            (time(2), time(4)),
            (time(4), time(5)),
            (time(20), time(22)),
        ];
        assert_eq!(
            merged(all, (time(2), time(10))),
            [(time(2), time(5)), (time(9), time(10))]
        );
        assert!(merged(Vec::new(), (time(0), time(1))).is_empty());
    }

    const ZONES: [&str; 5] = [
        "UTC",
        "Europe/Berlin",
        "America/New_York",
        "Australia/Lord_Howe",
        "Asia/Kathmandu",
    ];

    prop_compose! {
        fn any_timing()(days in 0..3650_u64, minute in 0..1440_i64, length in 1..2880_i32, weekly in any::<bool>(),
            zone in 0..ZONES.len())
            -> Timing {
            let day = NaiveDate::from_ymd_opt(2020, 1, 1).unwrap() + Days::new(days);
            Timing {
                first: day.and_time(chrono::NaiveTime::MIN) + TimeDelta::minutes(minute),
                minutes: length,
                repeat: if weekly { Repeat::Weekly } else { Repeat::Monthly },
                zone: ZONES[zone].parse().unwrap(),
                until: None,
            }
        }
    }

    proptest! {
        /// As somebody would find them who walks from day to day with a calendar and looks at the clock.
        #[test]
        fn occurrences_are_what_a_calendar_says(timing in any_timing()) {
            let from = timing.begins().unwrap();
            let to = from + TimeDelta::days(400);
            let found = timing.occurrences(from, to);
            let mut expected = Vec::new();
            let first = timing.first.date();
            for day in first.iter_days().take(402) {
                let is_last = (day + Days::new(1)).month() != day.month();
                let is_its = match timing.repeat {
                    Repeat::Weekly => (day - first).num_days() % 7 == 0,
                    _ => day.day() == first.day() || (is_last && day.day() < first.day()),
                };
                let begins = timing.moment(day.and_time(timing.first.time()));
                if is_its && begins < to {
                    expected.push(begins);
                }
            }
            let begun: Vec<_> = found.iter().map(|(begins, _)| *begins).collect();
            prop_assert_eq!(begun, expected);
            let length = TimeDelta::minutes(i64::from(timing.minutes));
            prop_assert!(found.iter().all(|(begins, ends)| *ends - *begins == length));
        }

        /// The clock on the wall shows the hour that was asked for, unless there was no such time on that day.
        #[test]
        fn the_wall_clock_shows_the_hour(timing in any_timing()) {
            let from = timing.begins().unwrap();
            for (begins, _) in timing.occurrences(from, from + TimeDelta::days(800)) {
                let shown = begins.with_timezone(&timing.zone).naive_local();
                let wanted = shown.date().and_time(timing.first.time());
                let is_there = timing.zone.from_local_datetime(&wanted).earliest().is_some();
                prop_assert!(shown == wanted || !is_there, "{} instead of {}", shown, wanted);
                prop_assert_eq!(shown.second(), 0);
            }
        }

        /// Asked in pieces they are the same as asked at once.
        #[test]
        fn pieces_add_up(timing in any_timing(), cut in 0..400_i64) {
            let from = timing.begins().unwrap() - TimeDelta::days(10);
            let (middle, to) = (from + TimeDelta::days(cut), from + TimeDelta::days(400));
            let pieces = [timing.occurrences(from, middle), timing.occurrences(middle, to)].concat();
            prop_assert_eq!(pieces, timing.occurrences(from, to));
        }
    }
}
