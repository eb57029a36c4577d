//! A month of a calendar, which begins and ends when it does where the tenant is.

use chrono::{Datelike as _, Months, NaiveDate};
use chrono_tz::Tz;
use serde::{Deserialize, Serialize};

use super::calendar::midnight;
use super::{At, Interval};

/// A month; written as `2026-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month(NaiveDate);

impl Month {
    /// The month of a day.
    pub fn of(day: NaiveDate) -> Self {
        Self(day.with_day(1).unwrap_or(day))
    }

    /// The month that it is in a zone.
    pub fn at(now: At, zone: Tz) -> Self {
        Self::of(now.with_timezone(&zone).date_naive())
    }

    /// Its first day.
    pub fn first(self) -> NaiveDate {
        self.0
    }

    /// The one after it.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add_months(Months::new(1)).unwrap_or(self.0))
    }

    /// The one before it.
    #[must_use]
    pub fn before(self) -> Self {
        Self(self.0.checked_sub_months(Months::new(1)).unwrap_or(self.0))
    }

    /// From its beginning to its end in a zone.
    pub fn bounds(self, zone: Tz) -> Interval {
        (midnight(zone, self.0), midnight(zone, self.next().0))
    }

    /// `March 2026`.
    pub fn label(self) -> String {
        self.0.format("%B %Y").to_string()
    }
}

/// The text is no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Use a year and a month, such as 2026-03.")]
pub struct NoMonth;

impl std::str::FromStr for Month {
    type Err = NoMonth;
    fn from_str(text: &str) -> Result<Self, NoMonth> {
        let is_plain = text.len() == 7 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let day = is_plain.then(|| NaiveDate::parse_from_str(&format!("{text}-01"), "%Y-%m-%d").ok());
        day.flatten().map(Self).ok_or(NoMonth)
    }
}

impl std::fmt::Display for Month {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m"))
    }
}

impl TryFrom<String> for Month {
    type Error = NoMonth;
    fn try_from(text: String) -> Result<Self, NoMonth> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples::at;
    use super::*;

    #[test]
    fn a_month_begins_where_the_tenant_is() {
        let march: Month = "2026-03".parse().unwrap();
        assert_eq!(
            march.bounds(Tz::Europe__Berlin),
            (at("2026-02-28T23:00:00Z"), at("2026-03-31T22:00:00Z"))
        );
        let now = at("2026-03-31T22:30:00Z");
        assert_eq!(Month::at(now, Tz::Europe__Berlin).to_string(), "2026-04");
        assert_eq!(Month::at(now, Tz::UTC), march);
        assert_eq!(
            (march.next().before(), march.label().as_str()),
            (march, "March 2026")
        );
        for bad in [
            "",
            "2026",
            "2026-13",
            "2026-3",
            "26-03-1",
            "2026-03-01",
            "2026/03",
        ] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
    }
}
