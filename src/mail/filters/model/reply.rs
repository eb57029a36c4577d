//! The automatic reply (RFC 5230): what it says, and from which day to which.

use chrono::{Days, NaiveDate, NaiveTime, Offset as _, TimeZone as _};
use chrono_tz::Tz;

use crate::platform::error::FieldErrors;

use super::rule::one_line;
use super::sieve::quote;

const MAX_SUBJECT: usize = 200;
/// In bytes.
const MAX_TEXT: usize = 8 * 1024;

/// An automatic reply.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reply {
    /// Whether it is sent.
    pub is_on: bool,
    /// Its subject; that of the mail that it answers if empty.
    pub subject: String,
    /// What it says.
    pub text: String,
    /// The first day.
    pub from: Option<NaiveDate>,
    /// The last day.
    pub until: Option<NaiveDate>,
}

impl Reply {
    /// Checks it and makes line ends plain. One that is off may be half written.
    pub(in super::super) fn checked(mut self) -> Result<Self, FieldErrors> {
        let mut errors = FieldErrors::default();
        self.text = self.text.replace("\r\n", "\n").replace('\r', "\n");
        self.subject.truncate(self.subject.trim_end().len());
        self.subject
            .drain(..self.subject.len() - self.subject.trim_start().len());
        errors.check("subject", one_line(&self.subject, MAX_SUBJECT));
        if self.text.contains('\0') {
            errors.add("text", "Text has no NUL characters.");
        } else if self.text.len() > MAX_TEXT {
            errors.add("text", format!("Write at most {MAX_TEXT} bytes."));
        } else if self.is_on && self.text.trim().is_empty() {
            errors.add("text", "Write what the reply says.");
        }
        if let (Some(from), Some(until)) = (self.from, self.until)
            && until < from
        {
            errors.add("until", "The last day comes before the first.");
        }
        errors.into_result().map(|()| self)
    }

    /// The tests of the days, each with the distance from UTC that the zone has as that day begins, or ends: Sieve knows
    /// distances (RFC 5260, 4) and no zones, and like this the clock's changes move nothing.
    fn days(&self, zone: Tz) -> Vec<String> {
        let test = |day: NaiveDate, edge: NaiveDate, relation: &str| {
            format!(
                "currentdate :zone \"{}\" :value \"{relation}\" \"date\" \"{day}\"",
                distance(edge, zone)
            )
        };
        let from = self.from.map(|day| test(day, day, "ge"));
        let after = |day: NaiveDate| day.checked_add_days(Days::new(1)).unwrap_or(day);
        let until = self.until.map(|day| test(day, after(day), "le"));
        from.into_iter().chain(until).collect()
    }

    /// The command.
    pub(super) fn compile(&self, zone: Tz, addresses: &[String]) -> String {
        let subject = match self.subject.as_str() {
            "" => String::new(),
            subject => format!(" :subject {}", quote(subject)),
        };
        let command = format!(
            "vacation :days 1{subject} :addresses {} {};\n",
            super::sieve::list(addresses),
            quote(&self.text)
        );
        match self.days(zone).as_slice() {
            [] => command,
            [one] => format!("if {one} {{\n  {command}}}\n"),
            both => format!("if allof({}) {{\n  {command}}}\n", both.join(", ")),
        }
    }

    /// Whether it has a day at all.
    pub(super) fn has_days(&self) -> bool {
        self.from.is_some() || self.until.is_some()
    }
}

/// How far the zone is from UTC as the day begins: `+0100`. Where the clock jumps over midnight, as it is an hour later.
fn distance(day: NaiveDate, zone: Tz) -> String {
    let midnight = day.and_time(NaiveTime::MIN);
    let begin = zone.from_local_datetime(&midnight).earliest().or_else(|| {
        zone.from_local_datetime(&(midnight + chrono::Duration::hours(1)))
            .earliest()
    });
    let seconds = begin.map_or(0, |begin| begin.offset().fix().local_minus_utc());
    let sign = if seconds < 0 { '-' } else { '+' };
    let minutes = seconds.abs() / 60;
    format!("{sign}{:02}{:02}", minutes / 60, minutes % 60)
}
