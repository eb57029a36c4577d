//! What somebody types: one parser for forms and programs, which tells every mistake by its field.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use crate::platform::error::FieldErrors;
use crate::platform::ids::{LocationId, ServerId};

use super::timing::{Repeat, Timing};

/// Two days.
const LONGEST: i32 = 2880;
/// Thirty days.
const EARLIEST: i32 = 720;

/// Where a window is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everything,
    /// At a location: all servers there.
    Location(LocationId),
    /// One server.
    Server(ServerId),
}

impl Place {
    /// The location, if it is one.
    pub fn location(self) -> Option<LocationId> {
        match self {
            Self::Location(id) => Some(id),
            _ => None,
        }
    }

    /// The server, if it is one.
    pub fn server(self) -> Option<ServerId> {
        match self {
            Self::Server(id) => Some(id),
            _ => None,
        }
    }
}

/// A window as it was written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WindowText {
    /// The line.
    pub title: String,
    /// What customers read.
    pub body: String,
    /// The location's id, or nothing.
    pub location: String,
    /// The server's id, or nothing.
    pub server: String,
    /// When, by the clock on the wall: `2026-03-21T22:00`.
    pub starts_at: String,
    /// How long, in minutes.
    pub minutes: String,
    /// `once`, `daily`, `weekly` or `monthly`.
    pub repeat: String,
    /// The time zone.
    pub zone: String,
    /// The last day, or nothing.
    pub until: String,
    /// How many hours before customers are told.
    pub lead_hours: String,
}

/// A window that can be.
#[derive(Debug, Clone)]
pub struct NewMaintenance {
    /// The line.
    pub title: String,
    /// What customers read.
    pub body: String,
    /// Where.
    pub place: Place,
    /// When.
    pub timing: Timing,
    /// How long before customers are told.
    pub lead_hours: i32,
}

impl WindowText {
    /// Takes it, or says what is wrong with each field.
    pub fn parse(&self) -> Result<NewMaintenance, FieldErrors> {
        let mut errors = FieldErrors::default();
        let title = errors.check("title", line(&self.title));
        let body = errors.check("body", text(&self.body));
        let place = self.place(&mut errors);
        let first = errors.check("starts_at", local(&self.starts_at));
        let minutes = errors.check("minutes", number(&self.minutes, &(1..=LONGEST)));
        let repeat = errors.check(
            "repeat",
            Repeat::parse(&self.repeat).ok_or("Use once, daily, weekly or monthly."),
        );
        let zone = errors.check("zone", zone(&self.zone));
        let until = errors.check("until", day(&self.until));
        let lead_hours = errors.check("lead_hours", number(&self.lead_hours, &(0..=EARLIEST)));
        if let (Some(first), Some(Some(until))) = (first, until)
            && until < first.date()
        {
            errors.add("until", "This is before its first day.");
        }
        errors.into_result()?;
        let missing = || FieldErrors::one("title", "Write what is done.");
        Ok(NewMaintenance {
            title: title.ok_or_else(missing)?,
            body: body.ok_or_else(missing)?,
            place: place.ok_or_else(missing)?,
            timing: Timing {
                first: first.ok_or_else(missing)?,
                minutes: minutes.ok_or_else(missing)?,
                repeat: repeat.ok_or_else(missing)?,
                zone: zone.ok_or_else(missing)?,
                until: until.flatten(),
            },
            lead_hours: lead_hours.ok_or_else(missing)?,
        })
    }

    fn place(&self, errors: &mut FieldErrors) -> Option<Place> {
        match (self.location.trim(), self.server.trim()) {
            ("", "") => Some(Place::Everything),
            (location, "") => errors
                .check(
                    "location",
                    location
                        .parse::<LocationId>()
                        .map_err(|_| "There is no such location."),
                )
                .map(Place::Location),
            ("", server) => errors
                .check(
                    "server",
                    server.parse::<ServerId>().map_err(
                        |_| "This is no single server. Choose one, or type another part of its name.",
                    ),
                )
                .map(Place::Server),
            _ => errors.check("server", Err("Name a location or a server, not both.")),
        }
    }
}

fn line(text: &str) -> Result<String, &'static str> {
    let line = text.trim();
    match line.chars().count() {
        0 => Err("Write what is done."),
        1..=120 if !line.chars().any(char::is_control) => Ok(line.to_owned()),
        _ => Err("Use one line of at most 120 characters."),
    }
}

fn text(text: &str) -> Result<String, &'static str> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err("Write what it means for customers."),
        1..=4000 => Ok(text.to_owned()),
        _ => Err("Use at most 4000 characters."),
    }
}

fn local(text: &str) -> Result<NaiveDateTime, &'static str> {
    let text = text.trim();
    let formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"];
    let mut found = formats
        .iter()
        .filter_map(|format| NaiveDateTime::parse_from_str(text, format).ok());
    found
        .find(|at| (2000..=9999).contains(&at.year()))
        .ok_or("Use a date and a time, such as 2026-03-21T22:00.")
}

fn day(text: &str) -> Result<Option<NaiveDate>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text => NaiveDate::parse_from_str(text, "%Y-%m-%d")
            .ok()
            .filter(|day| (2000..=9999).contains(&day.year()))
            .map(Some)
            .ok_or("Use a day, such as 2026-12-31, or leave it empty."),
    }
}

fn zone(text: &str) -> Result<Tz, &'static str> {
    text.trim()
        .parse()
        .map_err(|_| "Choose a time zone of the IANA database, such as Europe/Berlin or UTC.")
}

fn number(text: &str, range: &std::ops::RangeInclusive<i32>) -> Result<i32, String> {
    let number = text.trim().parse().ok().filter(|number| range.contains(number));
    number.ok_or_else(|| format!("Use a whole number, {} to {}.", range.start(), range.end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn good() -> WindowText {
        WindowText {
            title: " New kernel ".to_owned(),
            body: "Servers restart once.".to_owned(),
            starts_at: "2026-03-21T22:00".to_owned(),
            minutes: "120".to_owned(),
            repeat: "weekly".to_owned(),
            zone: "Europe/Berlin".to_owned(),
            lead_hours: "72".to_owned(),
            ..WindowText::default()
        }
    }

    #[test]
    fn what_is_right_is_taken() {
        let parsed = good().parse().unwrap();
        assert_eq!((&*parsed.title, parsed.place), ("New kernel", Place::Everything));
        assert_eq!(parsed.timing.until, None);
        assert_eq!((parsed.timing.minutes, parsed.lead_hours), (120, 72));
    }

    #[test]
    fn every_mistake_is_told_by_its_field() {
        let text = WindowText {
            location: "loc_x".to_owned(),
            starts_at: "tomorrow".to_owned(),
            minutes: "0".to_owned(),
            repeat: "hourly".to_owned(),
            zone: "Berlin".to_owned(),
            until: "never".to_owned(),
            lead_hours: "721".to_owned(),
            ..WindowText::default()
        };
        let errors = text.parse().unwrap_err();
        let fields: Vec<&str> = errors.0.iter().map(|error| error.field.as_str()).collect();
        let all = [
            "title",
            "body",
            "location",
            "starts_at",
            "minutes",
            "repeat",
            "zone",
            "until",
            "lead_hours",
        ];
        assert_eq!(fields, all);
        let both = WindowText {
            location: "loc_x".to_owned(),
            server: "srv_x".to_owned(),
            until: "2026-03-20".to_owned(),
            ..good()
        };
        let errors = both.parse().unwrap_err();
        assert!(errors.get("server").unwrap().contains("not both"));
        assert_eq!(errors.get("until"), Some("This is before its first day."));
    }
}
