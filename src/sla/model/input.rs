//! What people type, and programs send: one parser for both, which tells every mistake by its field.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use chrono_tz::Tz;

use crate::platform::error::FieldErrors;
use crate::platform::ids::SlaCalendarId;

use super::{Credit, Hours, MAX_CREDITS, Percent, Span, Targets, Week};

/// The days of a week, as fields are called.
pub const DAYS: [&str; 7] = [
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
    "sunday",
];
const MAX_NAME: usize = 80;
const MAX_HOLIDAYS: usize = 400;
/// Thirty days.
const MAX_MINUTES: u32 = 43_200;

fn name(text: &str) -> Result<String, String> {
    let text = text.trim();
    if (1..=MAX_NAME).contains(&text.chars().count()) && !text.chars().any(char::is_control) {
        Ok(text.to_owned())
    } else {
        Err(format!("Use 1 to {MAX_NAME} characters on one line."))
    }
}

/// A calendar as it was written.
#[derive(Debug, Clone, Default)]
pub struct HoursText {
    /// What it is called.
    pub name: String,
    /// Whether all time counts; the rest says nothing then.
    pub is_always: bool,
    /// The zone's name.
    pub zone: String,
    /// The hours of each day from Monday: `09:00-12:00, 13:00-17:00`, or nothing.
    pub days: [String; 7],
    /// Dates, parted by white space or commas.
    pub holidays: String,
}

fn clock_time(text: &str) -> Option<u16> {
    let (hours, minutes) = text.trim().split_once(':')?;
    let is_plain =
        |part: &str| (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
    if !is_plain(hours) || !is_plain(minutes) {
        return None;
    }
    let (hours, minutes): (u16, u16) = (hours.parse().ok()?, minutes.parse().ok()?);
    Some(hours * 60 + minutes).filter(|at| minutes < 60 && *at <= 1_440)
}

fn span(text: &str) -> Option<Span> {
    let (from, to) = text.split_once(['-', '–'])?;
    let (from, to) = (clock_time(from)?, clock_time(to)?);
    (from < to).then_some(Span { from, to })
}

fn day(text: &str) -> Result<Vec<Span>, &'static str> {
    let parts = text
        .split([',', ';'])
        .map(str::trim)
        .filter(|part| !part.is_empty());
    let spans: Option<Vec<Span>> = parts.map(span).collect();
    let spans = spans.ok_or("Use times such as 09:00-12:00, 13:00-17:00, or nothing.")?;
    if spans.is_sorted_by(|a, b| a.to <= b.from) {
        Ok(spans)
    } else {
        Err("Name the hours in order, without overlap.")
    }
}

fn holidays(text: &str) -> Result<BTreeSet<NaiveDate>, String> {
    let parts = text
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|part| !part.is_empty());
    let mut dates = BTreeSet::new();
    for part in parts {
        let date = NaiveDate::parse_from_str(part, "%Y-%m-%d");
        dates.insert(date.map_err(|_| format!("“{part}” is no date: use dates such as 2026-12-25."))?);
    }
    if dates.len() > MAX_HOLIDAYS {
        return Err(format!("Name at most {MAX_HOLIDAYS} days."));
    }
    Ok(dates)
}

impl HoursText {
    /// Takes it, or says what is wrong with each field.
    pub fn parse(&self) -> Result<(String, Hours), FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", name(&self.name));
        if self.is_always {
            errors.into_result()?;
            return Ok((name.unwrap_or_default(), Hours::Always));
        }
        let zone = self.zone.trim().parse::<Tz>();
        let zone = zone.map_err(|_| "Choose a time zone of the IANA database, such as Europe/Berlin or UTC.");
        let zone = errors.check("zone", zone);
        let mut days = Vec::new();
        for (field, text) in DAYS.into_iter().zip(&self.days) {
            days.push(errors.check(field, day(text)).unwrap_or_default());
        }
        if errors.0.is_empty() && days.iter().all(Vec::is_empty) {
            errors.add("monday", "Name hours of at least one day.");
        }
        let holidays = errors.check("holidays", holidays(&self.holidays));
        errors.into_result()?;
        let week = Week {
            zone: zone.unwrap_or_default(),
            days,
            holidays: holidays.unwrap_or_default(),
        };
        Ok((name.unwrap_or_default(), Hours::Week(week)))
    }

    /// What a form shows of hours.
    pub fn of(name: &str, hours: &Hours) -> Self {
        let Hours::Week(week) = hours else {
            return Self {
                name: name.to_owned(),
                is_always: true,
                zone: "UTC".to_owned(),
                ..Self::default()
            };
        };
        let time = |at: u16| format!("{:02}:{:02}", at / 60, at % 60);
        let mut days = <[String; 7]>::default();
        for (text, spans) in days.iter_mut().zip(&week.days) {
            let spans: Vec<_> = spans
                .iter()
                .map(|span| format!("{}-{}", time(span.from), time(span.to)))
                .collect();
            *text = spans.join(", ");
        }
        let holidays: Vec<_> = week.holidays.iter().map(ToString::to_string).collect();
        Self {
            name: name.to_owned(),
            is_always: false,
            zone: week.zone.name().to_owned(),
            days,
            holidays: holidays.join("\n"),
        }
    }
}

/// The targets of a severity as they were written: `30`, `30 min` or `4 h`, or nothing.
#[derive(Debug, Clone, Default)]
pub struct TargetText {
    /// Until the first answer.
    pub first_answer: String,
    /// Between answers.
    pub update: String,
    /// Until it works again.
    pub restore: String,
}

/// A policy as it was written.
#[derive(Debug, Clone, Default)]
pub struct PolicyText {
    /// What it is called.
    pub name: String,
    /// The id of its calendar.
    pub calendar: String,
    /// By severity, P1 first.
    pub targets: [TargetText; 4],
    /// `99.9`, or nothing.
    pub availability: String,
    /// Steps such as `99.9 = 5`: below 99.9 percent, 5 percent are given back.
    pub credits: Vec<String>,
}

/// A policy that can be.
#[derive(Debug, Clone)]
pub struct NewPolicy {
    /// What it is called.
    pub name: String,
    /// Its calendar.
    pub calendar: SlaCalendarId,
    /// By severity, P1 first.
    pub targets: [Targets; 4],
    /// How available servers are to be.
    pub availability: Option<Percent>,
    /// What is given back.
    pub credits: Vec<Credit>,
}

fn minutes(text: &str) -> Result<Option<u32>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    let (digits, factor) = match text.strip_suffix('h') {
        Some(digits) => (digits, 60),
        None => (text.trim_end_matches("min"), 1),
    };
    let minutes = digits
        .trim_end()
        .parse::<u32>()
        .ok()
        .and_then(|number| number.checked_mul(factor));
    let minutes = minutes.filter(|minutes| (1..=MAX_MINUTES).contains(minutes));
    let fault = || {
        format!(
            "Use minutes or hours, such as 30 or 4 h, up to {} h, or nothing.",
            MAX_MINUTES / 60
        )
    };
    minutes.map(Some).ok_or_else(fault)
}

/// Minutes, as people read and type them.
pub fn show_minutes(minutes: Option<u32>) -> String {
    match minutes {
        None => String::new(),
        Some(minutes) if minutes % 60 == 0 => format!("{} h", minutes / 60),
        Some(minutes) => format!("{minutes} min"),
    }
}

fn credit(text: &str) -> Result<Credit, String> {
    let fault = || {
        format!("“{text}”: write below which percentage how many percent are given back, such as 99.9 = 5.")
    };
    let (below, credit) = text.split_once('=').ok_or_else(fault)?;
    let below = below.parse::<Percent>().map_err(|_| fault())?;
    let credit = credit.trim().trim_end_matches('%').trim_end().parse::<u8>().ok();
    let credit = credit
        .filter(|credit| (1..=100).contains(credit))
        .ok_or_else(fault)?;
    Ok(Credit { below, credit })
}

fn credits(lines: &[String]) -> Result<Vec<Credit>, String> {
    let lines = lines
        .iter()
        .map(|line| line.trim())
        .filter(|line| !line.is_empty());
    let mut credits = lines.map(credit).collect::<Result<Vec<_>, _>>()?;
    credits.sort_by_key(|step| std::cmp::Reverse(step.below));
    if credits.len() > MAX_CREDITS {
        return Err(format!("Use at most {MAX_CREDITS} steps."));
    }
    if !credits.is_sorted_by(|a, b| a.below > b.below && a.credit < b.credit) {
        return Err("Each step down must give back more than the one above it.".to_owned());
    }
    Ok(credits)
}

impl PolicyText {
    /// Takes it, or says what is wrong with each field.
    pub fn parse(&self) -> Result<NewPolicy, FieldErrors> {
        let mut errors = FieldErrors::default();
        let name = errors.check("name", name(&self.name));
        let calendar = errors.check(
            "calendar",
            self.calendar
                .parse::<SlaCalendarId>()
                .map_err(|_| "Choose a calendar."),
        );
        let mut targets = [Targets::default(); 4];
        for (place, text) in self.targets.iter().enumerate() {
            let mut number = |what: &str, text: &str| {
                errors
                    .check(&format!("p{}.{what}", place + 1), minutes(text))
                    .flatten()
            };
            targets[place] = Targets {
                first_answer: number("first_answer", &text.first_answer),
                update: number("update", &text.update),
                restore: number("restore", &text.restore),
            };
        }
        let availability = match self.availability.trim() {
            "" => None,
            text => errors.check("availability", text.parse::<Percent>()),
        };
        let credits = errors
            .check("credits", credits(&self.credits))
            .unwrap_or_default();
        errors.into_result()?;
        let name = name.unwrap_or_default();
        let calendar = calendar.ok_or_else(|| FieldErrors::one("calendar", "Choose a calendar."))?;
        Ok(NewPolicy {
            name,
            calendar,
            targets,
            availability,
            credits,
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::samples;
    use super::*;

    #[test]
    fn every_mistake_is_told_by_its_field() {
        let mut text = HoursText {
            zone: "Berlin".to_owned(),
            holidays: "2026-02-30".to_owned(),
            ..HoursText::default()
        };
        text.days[0] = "9-17".to_owned();
        text.days[1] = "13:00-17:00, 09:00-12:00".to_owned();
        let errors = text.parse().unwrap_err();
        let fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(fields, ["name", "zone", "monday", "tuesday", "holidays"]);
        let policy = PolicyText {
            availability: "101".to_owned(),
            credits: vec!["99.9 = 5".to_owned(), "99 = 5".to_owned()],
            targets: [
                TargetText {
                    update: "soon".to_owned(),
                    ..TargetText::default()
                },
                TargetText::default(),
                TargetText::default(),
                TargetText::default(),
            ],
            ..PolicyText::default()
        };
        let errors = policy.parse().unwrap_err();
        let fields: Vec<_> = errors.0.iter().map(|error| error.field.as_str()).collect();
        assert_eq!(
            fields,
            ["name", "calendar", "p1.update", "availability", "credits"]
        );
    }

    #[test]
    fn minutes_are_read_as_they_are_shown() {
        for (text, shown) in [
            ("30", "30 min"),
            ("90 min", "90 min"),
            ("4h", "4 h"),
            ("120", "2 h"),
            ("", ""),
        ] {
            let read = minutes(text).unwrap();
            assert_eq!(show_minutes(read), shown);
            assert_eq!(minutes(shown).unwrap(), read);
        }
        for bad in ["0", "-1", "721 h", "4294967295 h", "1.5 h"] {
            assert!(minutes(bad).is_err(), "{bad}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn hours_are_read_as_they_are_shown(hours in samples::hours()) {
            let is_never = matches!(&hours, Hours::Week(week) if week.days.iter().all(Vec::is_empty));
            let read = HoursText::of("x", &hours).parse();
            prop_assert_eq!(read.map(|(_, hours)| hours).ok(), Some(hours).filter(|_| !is_never));
        }
    }
}
