//! Minutes, months and what of them is left. Pure.

use chrono::{DateTime, Datelike as _, Months, NaiveTime, Utc};

use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::TimeEntryId;

/// As many minutes as one entry may have.
pub const MAX_MINUTES: i32 = 6_000;
/// As many minutes a month as a plan may include.
pub const MAX_INCLUDED: i32 = 1_000_000;
const MAX_WHAT: usize = 500;

/// Time that was spent, or a correction of it.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Its id.
    pub id: TimeEntryId,
    /// How many minutes; of a correction the difference.
    pub minutes: i32,
    /// What was done.
    pub what: String,
    /// Whether it burns the tenant's included time.
    pub is_billable: bool,
    /// The entry that it corrects.
    pub corrects: Option<TimeEntryId>,
    /// When it was spent: that decides in which month it counts.
    pub at: DateTime<Utc>,
    /// Who wrote it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
}

/// Time as it is typed, and good.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spent {
    /// How many minutes.
    pub minutes: i32,
    /// What was done, or why it was wrong.
    pub what: String,
}

impl Spent {
    /// What was typed. Of a correction nothing may be left.
    ///
    /// # Errors
    /// What is wrong, field by field.
    pub fn parse(minutes: &str, what: &str, is_correction: bool) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        let least = i32::from(!is_correction);
        let number = minutes.trim().parse::<i32>().ok();
        let number = number.filter(|number| (least..=MAX_MINUTES).contains(number));
        if number.is_none() {
            errors.add(
                "minutes",
                format!("Use a whole number from {least} to {MAX_MINUTES}."),
            );
        }
        let what = what.trim();
        if what.is_empty() || what.chars().count() > MAX_WHAT || what.chars().any(char::is_control) {
            errors.add("what", format!("Use 1 to {MAX_WHAT} characters in one line."));
        }
        errors.into_result()?;
        Ok(Self {
            minutes: number.unwrap_or_default(),
            what: what.to_owned(),
        })
    }
}

/// The difference that makes an entry of `now` minutes, corrections included, one of `wanted`.
///
/// # Errors
/// There is none.
pub fn difference(now: i32, wanted: i32) -> Result<i32, Error> {
    match wanted.saturating_sub(now) {
        0 => Err(Error::invalid("minutes", "The entry says this already.")),
        other => Ok(other),
    }
}

/// How many minutes a month may be included.
pub fn parse_included(text: &str) -> Result<i32, FieldErrors> {
    let number = text.trim().parse::<i32>().ok();
    let number = number.filter(|number| (0..=MAX_INCLUDED).contains(number));
    number.ok_or_else(|| {
        let message = format!("Use a whole number from 0 to {MAX_INCLUDED}.");
        FieldErrors::one("included_minutes", message)
    })
}

/// The month of a time: where it begins, and where the next one does.
pub fn month_of(at: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
    let day = at.date_naive();
    let begin = day.with_day(1).unwrap_or(day).and_time(NaiveTime::MIN).and_utc();
    let end = begin.checked_add_months(Months::new(1));
    (begin, end.unwrap_or(begin))
}

/// What a tenant has of staff's time in a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Support {
    /// Where the month begins.
    pub month: DateTime<Utc>,
    /// How many minutes its plan includes.
    pub included: i64,
    /// How many were burnt.
    pub used: i64,
}

impl Support {
    /// What is left; below zero what was spent beyond it.
    pub fn left(&self) -> i64 {
        self.included - self.used
    }

    /// For people.
    pub fn words(&self) -> String {
        let used = words(self.used);
        match (self.included, self.left()) {
            (0, _) => format!("{used} this month; the plan includes none"),
            (all, left @ 0..) => format!("{used} of {} this month, {} left", words(all), words(left)),
            (all, left) => format!("{used} of {} this month, {} beyond it", words(all), words(-left)),
        }
    }
}

/// Minutes for people.
pub fn words(minutes: i64) -> String {
    match (minutes.abs() / 60, minutes.abs() % 60) {
        (0, _) => format!("{minutes} min"),
        (_, 0) => format!("{} h", minutes / 60),
        (_, rest) => format!("{} h {rest} min", minutes / 60),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_is_typed_is_minutes_and_words() {
        let spent = Spent::parse(" 25 ", " Looked at the disk ", false).unwrap();
        assert_eq!((spent.minutes, spent.what.as_str()), (25, "Looked at the disk"));
        for bad in ["", "0", "-5", "6001", "1.5", "x"] {
            let errors = Spent::parse(bad, "", false).unwrap_err();
            assert!(
                errors.get("minutes").is_some() && errors.get("what").is_some(),
                "{bad}"
            );
        }
        assert_eq!(Spent::parse("0", "By mistake", true).unwrap().minutes, 0);
        assert_eq!(difference(25, 0).unwrap(), -25);
        assert!(difference(25, 25).is_err());
        assert_eq!(parse_included("60"), Ok(60));
        assert!(parse_included("-1").is_err());
    }

    #[test]
    fn what_is_left_reads_well() {
        let of = |included, used| {
            let (month, _) = month_of(DateTime::UNIX_EPOCH);
            Support {
                month,
                included,
                used,
            }
            .words()
        };
        assert_eq!(of(60, 25), "25 min of 1 h this month, 35 min left");
        assert_eq!(of(60, 150), "2 h 30 min of 1 h this month, 1 h 30 min beyond it");
        assert_eq!(of(0, 5), "5 min this month; the plan includes none");
        assert_eq!(words(-90), "-1 h 30 min");
    }

    proptest! {
        #[test]
        fn every_time_is_in_its_month(seconds in 0_i64..4_000_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).unwrap();
            let (begin, end) = month_of(at);
            prop_assert!(begin <= at && at < end);
            prop_assert_eq!((begin.day(), end.day()), (1, 1));
            prop_assert_eq!(month_of(end).0, end);
        }
    }
}
