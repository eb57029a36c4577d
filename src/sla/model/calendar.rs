//! When an SLA's time counts: always, or in the business hours of a time zone, holidays aside.
//!
//! Hours are those of people's clocks: where clocks are set forward an hour that is left out counts for nothing, and one that comes
//! twice counts twice.

use std::collections::BTreeSet;

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, Offset as _, TimeDelta, TimeZone as _, Utc,
};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::Interval;
use super::terms::At;

/// Nothing is promised for longer than this; what would take longer is due then.
const HORIZON: TimeDelta = TimeDelta::days(3_660);
/// Zones change their offset once in so long at most.
const STEP: TimeDelta = TimeDelta::days(1);

/// A part of a day, in minutes from its midnight.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Span {
    /// The first minute.
    pub from: u16,
    /// The minute that it ends before; 1440 is midnight.
    pub to: u16,
}

/// Business hours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// Whose clocks count.
    #[serde(with = "zone")]
    pub zone: Tz,
    /// Seven days from Monday: in order, and without overlap.
    pub days: Vec<Vec<Span>>,
    /// Days on which nothing counts.
    pub holidays: BTreeSet<NaiveDate>,
}

/// When time counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Hours {
    /// All the time.
    Always,
    /// In business hours.
    Week(Week),
}

impl Hours {
    /// How much time counts from `from` to `to`.
    pub fn between(&self, from: At, to: At) -> TimeDelta {
        let whole = (to - from).max(TimeDelta::zero());
        match self {
            Self::Always => whole,
            Self::Week(week) => week.open(from, from + whole).map(|(a, b)| b - a).sum(),
        }
    }

    /// The first moment at which `amount` counts since `from`.
    pub fn add(&self, from: At, amount: TimeDelta) -> At {
        if amount <= TimeDelta::zero() {
            return from;
        }
        match self {
            Self::Always => from + amount.min(HORIZON),
            Self::Week(week) => {
                let (mut left, last) = (amount, from + HORIZON);
                for (begin, end) in week.open(from, last) {
                    if end - begin >= left {
                        return begin + left;
                    }
                    left -= end - begin;
                }
                last
            }
        }
    }
}

/// The zone's distance from UTC.
fn offset(zone: Tz, at: At) -> TimeDelta {
    let offset = zone.offset_from_utc_datetime(&at.naive_utc()).fix();
    TimeDelta::seconds(i64::from(offset.local_minus_utc()))
}

/// Cuts a day or less where the zone's offset changes.
fn steady(zone: Tz, from: At, to: At) -> Vec<Interval> {
    let before = offset(zone, from);
    if to <= from || offset(zone, to - TimeDelta::nanoseconds(1)) == before {
        return vec![(from, to)];
    }
    let (mut same, mut other) = (0, (to - from).num_seconds() + 1);
    while other - same > 1 {
        let middle = i64::midpoint(same, other);
        if offset(zone, from + TimeDelta::seconds(middle)) == before {
            same = middle;
        } else {
            other = middle;
        }
    }
    // Changes come at whole seconds; `from` may lie between two.
    let at = DateTime::from_timestamp((from + TimeDelta::seconds(other)).timestamp(), 0).unwrap_or(to);
    vec![(from, at), (at, to)]
}

impl Week {
    /// The parts of a time that count, in order.
    fn open(&self, from: At, to: At) -> impl Iterator<Item = Interval> {
        let days = std::iter::successors(Some(from), |at| Some(*at + STEP)).take_while(move |at| *at < to);
        let pieces = days.flat_map(move |at| steady(self.zone, at, (at + STEP).min(to)));
        pieces.flat_map(move |piece| self.open_in(piece))
    }

    /// The same within a time of one offset.
    fn open_in(&self, (from, to): Interval) -> Vec<Interval> {
        let offset = offset(self.zone, from);
        let local = from.naive_utc() + offset;
        let dates = local.date().iter_days().take(3);
        let spans = dates
            .filter(|date| !self.holidays.contains(date))
            .flat_map(|date| {
                let place = usize::try_from(date.weekday().num_days_from_monday()).unwrap_or_default();
                let spans = self.days.get(place).map(Vec::as_slice).unwrap_or_default();
                spans
                    .iter()
                    .map(move |span| (minute(date, span.from), minute(date, span.to)))
            });
        spans
            .map(|(begin, end)| {
                (
                    (begin - offset).and_utc().max(from),
                    (end - offset).and_utc().min(to),
                )
            })
            .filter(|(begin, end)| begin < end)
            .collect()
    }
}

fn minute(date: NaiveDate, minute: u16) -> NaiveDateTime {
    date.and_time(NaiveTime::MIN) + TimeDelta::minutes(i64::from(minute))
}

/// When a day begins in a zone; where clocks are set forward at midnight, right after that.
pub(super) fn midnight(zone: Tz, date: NaiveDate) -> DateTime<Utc> {
    let quarters = (0..12).map(|quarter| minute(date, quarter * 15));
    let mut found = quarters.filter_map(|at| zone.from_local_datetime(&at).earliest());
    found
        .next()
        .map_or_else(|| minute(date, 0).and_utc(), |at| at.with_timezone(&Utc))
}

mod zone {
    //! A zone by its name in the IANA database.

    use chrono_tz::Tz;
    use serde::{Deserialize as _, Deserializer, Serializer};

    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
    pub(super) fn serialize<S: Serializer>(zone: &Tz, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(zone.name())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Tz, D::Error> {
        let name = String::deserialize(from)?;
        // A zone that a later version of the database no longer has.
        Ok(name.parse().unwrap_or(Tz::UTC))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples::{at, business, counts, hours, minutes};
    use super::*;

    #[test]
    fn a_weekend_counts_for_nothing() {
        let hours = business(Tz::Europe__Berlin);
        // Friday, 16:00 in Berlin; four hours later it is Monday, 12:00.
        let friday = at("2026-03-13T15:00:00Z");
        assert_eq!(hours.add(friday, TimeDelta::hours(4)), at("2026-03-16T11:00:00Z"));
        assert_eq!(hours.add(friday, TimeDelta::hours(1)), at("2026-03-13T16:00:00Z"));
        assert_eq!(
            hours.between(friday, at("2026-03-16T11:00:00Z")),
            TimeDelta::hours(4)
        );
        assert_eq!(
            hours.between(at("2026-03-16T11:00:00Z"), friday),
            TimeDelta::zero()
        );
    }

    /// Berlin sets its clocks forward at 02:00 on 29 March 2026, and back at 03:00 on 25 October.
    #[test]
    fn an_hour_that_is_left_out_counts_for_nothing_and_one_that_comes_twice_counts_twice() {
        let days = vec![vec![Span { from: 60, to: 240 }]; 7];
        let hours = Hours::Week(Week {
            zone: Tz::Europe__Berlin,
            days,
            holidays: BTreeSet::new(),
        });
        let (spring, autumn) = (at("2026-03-28T12:00:00Z"), at("2026-10-24T12:00:00Z"));
        assert_eq!(
            hours.between(spring, spring + TimeDelta::days(1)),
            TimeDelta::hours(2)
        );
        assert_eq!(
            hours.between(autumn, autumn + TimeDelta::days(1)),
            TimeDelta::hours(4)
        );
        assert_eq!(
            hours.add(spring, TimeDelta::minutes(90)),
            at("2026-03-29T01:30:00Z")
        );
        assert_eq!(
            hours.add(autumn, TimeDelta::minutes(150)),
            at("2026-10-25T01:30:00Z")
        );
    }

    #[test]
    fn holidays_are_left_out_and_what_never_comes_is_due_at_the_horizon() {
        let mut hours = business(Tz::Asia__Tokyo);
        let Hours::Week(week) = &mut hours else { panic!() };
        week.holidays
            .insert(NaiveDate::from_ymd_opt(2026, 3, 16).unwrap());
        let friday = at("2026-03-13T08:00:00Z");
        assert_eq!(
            hours.add(friday, TimeDelta::minutes(1)),
            at("2026-03-17T00:01:00Z")
        );
        let Hours::Week(week) = &mut hours else { panic!() };
        week.days = vec![Vec::new(); 7];
        assert_eq!(hours.add(friday, TimeDelta::minutes(1)), friday + HORIZON);
    }

    #[test]
    fn it_is_read_as_it_is_written() {
        for hours in [Hours::Always, business(Tz::Australia__Lord_Howe)] {
            let text = serde_json::to_string(&hours).unwrap();
            assert_eq!(serde_json::from_str::<Hours>(&text).unwrap(), hours);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// Against somebody who looks at the clock every minute.
        #[test]
        fn as_much_counts_as_a_clock_on_the_wall_says(hours in hours(), from in minutes(), length in 0i64..4_000, amount in 0i64..1_500) {
            let minutes = || (0..length).map(|minute| from + TimeDelta::minutes(minute)).filter(|at| counts(&hours, *at));
            let to = from + TimeDelta::minutes(length);
            let expected = i64::try_from(minutes().count()).unwrap();
            prop_assert_eq!(hours.between(from, to), TimeDelta::minutes(expected));
            let due = hours.add(from, TimeDelta::minutes(amount));
            match usize::try_from(amount - 1).ok().map(|place| minutes().nth(place)) {
                None => prop_assert_eq!(due, from),
                Some(Some(last)) => prop_assert_eq!(due, last + TimeDelta::minutes(1)),
                Some(None) => prop_assert!(due > to),
            }
        }
    }
}
