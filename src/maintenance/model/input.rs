//! What somebody types: one parser for forms and programs, which tells every mistake by its field.

use chrono::{Datelike as _, NaiveDate, NaiveDateTime};
use chrono_tz::Tz;

use crate::platform::error::FieldErrors;
use crate::platform::ids::{LocationId, ServerId};

use super::timing::{Repeat, Timing};

/// Two days.
const LONGEST: i32 = 2880;
/// What comes every day and lasts longer would never end.
const DAY: i32 = 1440;
/// Thirty days.
const EARLIEST: i32 = 720;

/// Where a window is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Everywhere.
    Everything,
    /// At a location, which is a node: all servers there.
    Location(LocationId),
    /// At a site: all locations that stand there at the time.
    Site(String),
    /// In a rack: all locations that stand in it at the time.
    Rack {
        /// The site; empty if nobody wrote one down.
        site: String,
        /// The room; empty if nobody wrote one down.
        room: String,
        /// The rack.
        rack: String,
    },
    /// One server.
    Server(ServerId),
}

impl Place {
    /// The location, if it is one.
    pub fn location(&self) -> Option<LocationId> {
        match self {
            Self::Location(id) => Some(*id),
            _ => None,
        }
    }

    /// The server, if it is one.
    pub fn server(&self) -> Option<ServerId> {
        match self {
            Self::Server(id) => Some(*id),
            _ => None,
        }
    }

    /// The site, if it is one or a rack.
    pub fn site(&self) -> Option<&str> {
        match self {
            Self::Site(site) | Self::Rack { site, .. } => Some(site),
            _ => None,
        }
    }

    /// The room, if it is a rack.
    pub fn room(&self) -> Option<&str> {
        match self {
            Self::Rack { room, .. } => Some(room),
            _ => None,
        }
    }

    /// The rack, if it is one.
    pub fn rack(&self) -> Option<&str> {
        match self {
            Self::Rack { rack, .. } => Some(rack),
            _ => None,
        }
    }

    /// What a site or a rack is called, for people. Locations and servers have names of their own.
    pub fn spot(&self) -> Option<String> {
        match self {
            Self::Site(site) => Some(format!("Site {site}")),
            Self::Rack { site, room, rack } => {
                let room = if room.is_empty() {
                    String::new()
                } else {
                    format!(" ({room})")
                };
                let site = if site.is_empty() {
                    String::new()
                } else {
                    format!(" at {site}")
                };
                Some(format!("Rack {rack}{room}{site}"))
            }
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
    /// The site, or nothing.
    pub site: String,
    /// The rack's room, or nothing.
    pub room: String,
    /// The rack, or nothing.
    pub rack: String,
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
        if repeat == Some(Repeat::Daily) && minutes.is_some_and(|minutes| minutes > DAY) {
            errors.add(
                "minutes",
                "What comes every day lasts at most a day, 1440 minutes.",
            );
        }
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
        match (self.location.trim(), self.server.trim(), self.spot()) {
            ("", "", None) => Some(Place::Everything),
            ("", "", Some(spot)) => errors.check("rack", spot),
            (location, "", None) => errors
                .check(
                    "location",
                    location
                        .parse::<LocationId>()
                        .map_err(|_| "There is no such location."),
                )
                .map(Place::Location),
            ("", server, None) => errors
                .check(
                    "server",
                    server.parse::<ServerId>().map_err(
                        |_| "This is no single server. Choose one, or type another part of its name.",
                    ),
                )
                .map(Place::Server),
            _ => errors.check(
                "server",
                Err("Name a location, a site or rack, or a server, not both."),
            ),
        }
    }

    /// The site or rack, if one is named, exactly as it was written down.
    fn spot(&self) -> Option<Result<Place, &'static str>> {
        match (&*self.site, &*self.room, &*self.rack) {
            ("", "", "") => None,
            (_, "", "") => Some(Ok(Place::Site(self.site.clone()))),
            (.., "") => Some(Err("Name the rack in this room.")),
            _ => Some(Ok(Place::Rack {
                site: self.site.clone(),
                room: self.room.clone(),
                rack: self.rack.clone(),
            })),
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

    #[test]
    fn what_comes_every_day_ends_before_it_comes_again() {
        let daily = |minutes: &str| WindowText {
            repeat: "daily".to_owned(),
            minutes: minutes.to_owned(),
            ..good()
        };
        assert!(daily("1440").parse().is_ok());
        let errors = daily("1441").parse().unwrap_err();
        assert!(errors.get("minutes").unwrap().contains("at most a day"));
    }

    fn placed([location, site, room, rack, server]: [&str; 5]) -> Result<Place, FieldErrors> {
        let text = WindowText {
            location: location.to_owned(),
            site: site.to_owned(),
            room: room.to_owned(),
            rack: rack.to_owned(),
            server: server.to_owned(),
            ..good()
        };
        text.parse().map(|new| new.place)
    }

    #[test]
    fn a_rack_or_a_site_is_a_place() {
        let site = placed(["", "Hamburg", "", "", ""]).unwrap();
        assert_eq!(
            (site.spot().as_deref(), site.site()),
            (Some("Site Hamburg"), Some("Hamburg"))
        );
        let rack = placed(["", "Hamburg", "2", "B", ""]).unwrap();
        assert_eq!(rack.spot().as_deref(), Some("Rack B (2) at Hamburg"));
        assert_eq!((rack.room(), rack.rack()), (Some("2"), Some("B")));
        let alone = placed(["", "", "", "B", ""]).unwrap();
        assert_eq!(
            (alone.spot().as_deref(), alone.site()),
            (Some("Rack B"), Some(""))
        );
        let field = |place| placed(place).unwrap_err().0[0].field.clone();
        assert_eq!(field(["", "Hamburg", "2", "", ""]), "rack");
        assert_eq!(field(["loc_x", "Hamburg", "", "", ""]), "server");
        assert_eq!(field(["", "", "", "B", "srv_x"]), "server");
    }
}
