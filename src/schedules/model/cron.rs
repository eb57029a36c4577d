//! When: a cron expression of five fields, read in a time zone.
//!
//! What holds where clocks are set (croner follows Vixie's cron): a time that does not exist, because the clock was set forward
//! over it, counts as the first moment after the gap; a time that comes twice counts once, the first time. An expression whose
//! minute or hour is a wildcard, an interval or a list means "every so often" and follows the clock as it goes: what lies in a gap is
//! left out, what comes twice runs twice.

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

use super::Zone;

/// How long an expression may be.
pub const MAX_CRON: usize = 100;

/// The fields in their order, and what each takes.
const FIELDS: [(&str, &str); 5] = [
    ("minute", "0 to 59"),
    ("hour", "0 to 23"),
    ("day of the month", "1 to 31, or L for the last"),
    ("month", "1 to 12 or JAN to DEC"),
    ("day of the week", "0 to 7 or SUN to SAT"),
];

/// 29 February on a certain day of the week is the rarest that there is; it comes within 40 years.
const HORIZON: TimeDelta = TimeDelta::days(41 * 366);

/// No clock is set back by more than these minutes.
const REPEATED: i64 = 4 * 60;

/// Why a text is no expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CronFault {
    /// Nothing, or another number of fields.
    #[error(
        "Write five fields with spaces between them: minute, hour, day of the month, month, day of the week. This has {0}."
    )]
    Fields(usize),
    /// Longer than any that somebody needs.
    #[error("Use at most {MAX_CRON} characters.")]
    Long,
    /// One of the fields can't be read.
    #[error(
        "The {field}, “{text}”, can't be read: use {range}, lists (1,2), ranges (1-5), steps (*/5) or *."
    )]
    Field {
        /// Which one.
        field: &'static str,
        /// What was written.
        text: String,
        /// What it takes.
        range: &'static str,
    },
    /// Nothing that the calendar knows.
    #[error("This never happens: there is no such day.")]
    Never,
}

/// An expression.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    cron: Cron,
}

fn read(text: &str) -> Option<Cron> {
    let parser = CronParser::builder()
        .seconds(Seconds::Disallowed)
        .year(Year::Disallowed)
        .build();
    parser.parse(text).ok()
}

/// The first field that is wrong by itself.
fn wrong_field(fields: &[&str]) -> CronFault {
    let is_wrong = |place: &usize| {
        let mut alone = ["*"; 5];
        alone[*place] = fields[*place];
        read(&alone.join(" ")).is_none()
    };
    let place = (0..FIELDS.len()).find(is_wrong).unwrap_or_default();
    let (field, range) = FIELDS[place];
    CronFault::Field {
        field,
        text: fields[place].to_owned(),
        range,
    }
}

impl Expression {
    /// Takes an expression, or says in a sentence why it can't be one.
    pub fn parse(text: &str) -> Result<Self, CronFault> {
        if text.chars().count() > MAX_CRON {
            return Err(CronFault::Long);
        }
        let fields: Vec<&str> = text.split_whitespace().collect();
        if fields.len() != FIELDS.len() {
            return Err(CronFault::Fields(fields.len()));
        }
        let text = fields.join(" ");
        let cron = read(&text).ok_or_else(|| wrong_field(&fields))?;
        let expression = Self { text, cron };
        let begin = DateTime::UNIX_EPOCH + TimeDelta::days(20_000);
        match expression.next(Zone::default(), begin) {
            Some(_) => Ok(expression),
            None => Err(CronFault::Never),
        }
    }

    /// As it was written, with single spaces.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The first time after `after`.
    pub fn next(&self, zone: Zone, after: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // Where the clock was set back, what croner finds for the second of two equal times is the first, which is over: it has
        // to be asked for what comes later.
        let minutes = (0..REPEATED).map(|minute| after + TimeDelta::minutes(minute));
        for from in minutes {
            let found = self
                .cron
                .find_next_occurrence(&from.with_timezone(&zone.0), false)
                .ok()?;
            let found = found.with_timezone(&Utc);
            if found > after {
                return Some(found).filter(|at| *at < after + HORIZON);
            }
        }
        None
    }

    /// The first `number` times after `after`.
    pub fn upcoming(&self, zone: Zone, after: DateTime<Utc>, number: usize) -> Vec<DateTime<Utc>> {
        std::iter::successors(self.next(zone, after), |at| self.next(zone, *at))
            .take(number)
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[track_caller]
    fn comes(cron: &str, zone: &str, after: &str, expected: &[&str]) {
        let zone = Zone::parse(zone).unwrap();
        let found = Expression::parse(cron)
            .unwrap()
            .upcoming(zone, at(after), expected.len());
        let expected: Vec<_> = expected.iter().map(|text| at(text)).collect();
        assert_eq!(found, expected, "{cron} in {}", zone.name());
    }

    #[test]
    fn times_are_those_of_the_zone() {
        let noon = "2026-03-10T12:00:00Z";
        comes(
            "0 4 * * *",
            "UTC",
            noon,
            &["2026-03-11T04:00:00Z", "2026-03-12T04:00:00Z"],
        );
        comes("0 4 * * *", "Asia/Tokyo", noon, &["2026-03-10T19:00:00Z"]);
        comes(
            "30 4 * * MON-FRI",
            "America/New_York",
            noon,
            &["2026-03-11T08:30:00Z"],
        );
        comes("*/15 * * * *", "Asia/Kathmandu", noon, &["2026-03-10T12:15:00Z"]);
        comes("0 0 L * *", "UTC", noon, &["2026-03-31T00:00:00Z"]);
        comes("0 0 29 2 *", "UTC", noon, &["2028-02-29T00:00:00Z"]);
    }

    #[test]
    fn the_moment_itself_is_not_next() {
        comes(
            "0 12 * * *",
            "UTC",
            "2026-03-10T12:00:00Z",
            &["2026-03-11T12:00:00Z"],
        );
        comes(
            "* * * * *",
            "UTC",
            "2026-03-10T12:00:00.000001Z",
            &["2026-03-10T12:01:00Z"],
        );
    }

    #[test]
    fn both_days_mean_either() {
        // The 13th, or a Friday.
        comes(
            "0 0 13 * FRI",
            "UTC",
            "2026-05-12T00:00:00Z",
            &["2026-05-13T00:00:00Z", "2026-05-15T00:00:00Z"],
        );
    }

    /// Berlin sets its clocks from 02:00 to 03:00 on 29 March 2026.
    #[test]
    fn what_falls_into_a_gap_comes_right_after_it() {
        let berlin = "Europe/Berlin";
        comes(
            "30 2 * * *",
            berlin,
            "2026-03-28T12:00:00Z",
            &["2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        );
        // An interval goes on with the clock.
        comes(
            "*/30 * * * *",
            berlin,
            "2026-03-29T00:00:00Z",
            &[
                "2026-03-29T00:30:00Z",
                "2026-03-29T01:00:00Z",
                "2026-03-29T01:30:00Z",
            ],
        );
    }

    /// Berlin sets its clocks from 03:00 back to 02:00 on 25 October 2026.
    #[test]
    fn what_comes_twice_runs_once_unless_it_is_an_interval() {
        let berlin = "Europe/Berlin";
        comes(
            "30 2 * * *",
            berlin,
            "2026-10-24T12:00:00Z",
            &["2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        );
        comes(
            "*/30 * * * *",
            berlin,
            "2026-10-25T00:00:00Z",
            &[
                "2026-10-25T00:30:00Z",
                "2026-10-25T01:00:00Z",
                "2026-10-25T01:30:00Z",
                "2026-10-25T02:00:00Z",
            ],
        );
    }

    /// A schedule that is made in the hour that comes twice, for a time that was over in the first of the two.
    #[test]
    fn what_is_over_does_not_hide_what_comes() {
        let (berlin, second) = ("Europe/Berlin", "2026-10-25T01:15:00Z");
        comes("30 2 * * *", berlin, second, &["2026-10-26T01:30:00Z"]);
        comes("0 3 * * *", berlin, second, &["2026-10-25T02:00:00Z"]);
        // Several hours count as an interval.
        comes("30 2,3 * * *", berlin, second, &["2026-10-25T01:30:00Z"]);
    }

    #[track_caller]
    fn fault(text: &str) -> CronFault {
        Expression::parse(text).expect_err(text)
    }

    #[test]
    fn mistakes_are_told_by_field() {
        assert_eq!(fault(""), CronFault::Fields(0));
        assert_eq!(fault("@daily"), CronFault::Fields(1));
        assert_eq!(fault("0 0 4 * * *"), CronFault::Fields(6));
        assert_eq!(fault(&"1".repeat(101)), CronFault::Long);
        assert_eq!(fault("0 0 30 2 *"), CronFault::Never);
        for (text, wrong) in [
            ("60 * * * *", "minute"),
            ("0 25 * * *", "hour"),
            ("0 0 0 * *", "day of the month"),
            ("0 0 * FOO *", "month"),
            ("0 0 * * 9", "day of the week"),
        ] {
            let CronFault::Field { field, .. } = fault(text) else {
                panic!("{text}");
            };
            assert_eq!(field, wrong, "{text}");
        }
        assert_eq!(
            fault("0 25 * * *").to_string(),
            "The hour, “25”, can't be read: use 0 to 23, lists (1,2), ranges (1-5), steps (*/5) or *."
        );
    }

    #[test]
    fn white_space_is_made_plain() {
        let expression = Expression::parse("  0\t4  * * *  ").unwrap();
        assert_eq!(expression.as_str(), "0 4 * * *");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".{0,120}") {
            let _ = Expression::parse(&text);
        }

        /// What is next always lies ahead, in whatever zone, so that nothing falls due over and over.
        #[test]
        fn next_lies_ahead(minute in 0..60u32, hour in 0..24u32, zone in 0..chrono_tz::TZ_VARIANTS.len(), at in 1_700_000_000i64..2_000_000_000) {
            let zone = Zone(chrono_tz::TZ_VARIANTS[zone]);
            let now = DateTime::from_timestamp(at, 0).unwrap();
            for text in [format!("{minute} {hour} * * *"), format!("{minute} * * * *"), format!("*/7 {hour} * * *")] {
                let next = Expression::parse(&text).unwrap().next(zone, now).unwrap();
                prop_assert!(next > now, "{text}");
                prop_assert!(next <= now + TimeDelta::hours(50), "{text}: {next}");
            }
        }
    }
}
