//! The time zone that a tenant's schedules are read in, by its name in the IANA database. The database is part of the program,
//! so all processes know the same zones whatever their machines have.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;

/// A time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone(pub Tz);

/// The text names no zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("Choose a time zone of the IANA database, such as Europe/Berlin or UTC.")]
pub struct ZoneFault;

impl Default for Zone {
    fn default() -> Self {
        Self(Tz::UTC)
    }
}

impl Zone {
    /// The zone with this name.
    pub fn parse(text: &str) -> Result<Self, ZoneFault> {
        text.trim().parse().map(Self).map_err(|_| ZoneFault)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }

    /// All names, in the order of the alphabet.
    pub fn names() -> impl Iterator<Item = &'static str> {
        chrono_tz::TZ_VARIANTS.iter().map(|zone| zone.name())
    }

    /// A time as people in the zone write it: `Tue 10 Mar 2026, 04:00 CET`.
    pub fn show(self, at: DateTime<Utc>) -> String {
        at.with_timezone(&self.0)
            .format("%a %-d %b %Y, %H:%M %Z")
            .to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_have_names_and_show_times() {
        let berlin = Zone::parse(" Europe/Berlin ").unwrap();
        let at = "2026-03-10T03:00:00Z".parse().unwrap();
        assert_eq!(berlin.show(at), "Tue 10 Mar 2026, 04:00 CET");
        assert_eq!(Zone::default().show(at), "Tue 10 Mar 2026, 03:00 UTC");
        assert_eq!(Zone::parse("Berlin"), Err(ZoneFault));
        assert_eq!(Zone::parse(""), Err(ZoneFault));
    }

    #[test]
    fn all_names_are_zones() {
        assert!(Zone::names().count() > 400);
        for name in Zone::names() {
            assert_eq!(Zone::parse(name).unwrap().name(), name);
        }
    }
}
