//! When drills are: from an hour of a time zone on, each day once.

use chrono::{DateTime, Days, TimeDelta, TimeZone as _, Utc};
use chrono_tz::Tz;

/// So long after the hour one is still begun; after that it is for the next night.
const LATEST: TimeDelta = TimeDelta::hours(6);

/// What staff say about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Setting {
    /// Whether there are any.
    pub is_on: bool,
    /// From which hour on.
    pub hour: u32,
    /// Of which zone.
    pub zone: Tz,
}

/// The beginning of the night that it is now, if it is one. An hour that a day does not have, because clocks are put forward, is
/// the next one; of an hour that it has twice it is the first.
pub fn night(setting: Setting, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    if !setting.is_on {
        return None;
    }
    let today = now.with_timezone(&setting.zone).date_naive();
    [today, today.checked_sub_days(Days::new(1))?]
        .into_iter()
        .find_map(|day| {
            let begins = (setting.hour..24).find_map(|hour| {
                let at = day.and_hms_opt(hour, 0, 0)?;
                setting.zone.from_local_datetime(&at).earliest()
            })?;
            let begins = begins.with_timezone(&Utc);
            (begins <= now && now < begins + LATEST).then_some(begins)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(zone: Tz, hour: u32) -> Setting {
        Setting {
            is_on: true,
            hour,
            zone,
        }
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn a_night_begins_at_its_hour_and_is_over_in_the_morning() {
        let utc = of(Tz::UTC, 3);
        let begins = at("2026-03-10T03:00:00Z");
        assert_eq!(night(utc, at("2026-03-10T02:59:59Z")), None);
        assert_eq!(night(utc, begins), Some(begins));
        assert_eq!(night(utc, at("2026-03-10T08:59:59Z")), Some(begins));
        assert_eq!(night(utc, at("2026-03-10T09:00:00Z")), None);
        let off = Setting { is_on: false, ..utc };
        assert_eq!(night(off, begins), None);
    }

    #[test]
    fn one_that_goes_over_midnight_is_of_the_day_before() {
        let late = of(Tz::UTC, 22);
        let begins = Some(at("2026-03-10T22:00:00Z"));
        assert_eq!(night(late, at("2026-03-11T03:00:00Z")), begins);
    }

    #[test]
    fn the_hour_is_that_of_the_zone_and_there_is_one_each_day() {
        let berlin = of(Tz::Europe__Berlin, 2);
        assert_eq!(
            night(berlin, at("2026-03-10T01:30:00Z")),
            Some(at("2026-03-10T01:00:00Z"))
        );
        // On 29 March there is no hour from 2 to 3.
        assert_eq!(
            night(berlin, at("2026-03-29T01:30:00Z")),
            Some(at("2026-03-29T01:00:00Z"))
        );
        // On 25 October it comes twice.
        assert_eq!(
            night(berlin, at("2026-10-25T01:30:00Z")),
            Some(at("2026-10-25T00:00:00Z"))
        );
    }
}
