//! What to do with a schedule whose time has come, perhaps long ago: the panel may have been away.
//!
//! However many times were missed, it runs at most once. It runs if the newest of them is not older than [`LATE`]; what was
//! meant for the night must not disturb people at noon.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Expression, Zone};

/// How late a run may begin.
pub const LATE: TimeDelta = TimeDelta::hours(1);

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Run for this time.
    Run(DateTime<Utc>),
    /// Tell that this time was missed.
    Missed(DateTime<Utc>),
}

/// Decides for a schedule whose next run was `next_run`, which has come.
pub fn due(expression: &Expression, zone: Zone, next_run: DateTime<Utc>, now: DateTime<Utc>) -> Due {
    if now - next_run <= LATE {
        return Due::Run(next_run);
    }
    match expression.next(zone, now - LATE) {
        Some(at) if at <= now => Due::Run(at),
        _ => Due::Missed(next_run),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn decide(cron: &str, next_run: &str, now: &str) -> Due {
        let expression = Expression::parse(cron).unwrap();
        let (next_run, now) = (next_run.parse().unwrap(), now.parse().unwrap());
        due(&expression, Zone::default(), next_run, now)
    }

    fn at(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn what_is_a_little_late_runs() {
        let four = "2026-03-10T04:00:00Z";
        assert_eq!(decide("0 4 * * *", four, four), Due::Run(at(four)));
        assert_eq!(
            decide("0 4 * * *", four, "2026-03-10T05:00:00Z"),
            Due::Run(at(four))
        );
    }

    #[test]
    fn what_is_far_too_late_is_missed() {
        let four = "2026-03-10T04:00:00Z";
        assert_eq!(
            decide("0 4 * * *", four, "2026-03-10T05:00:01Z"),
            Due::Missed(at(four))
        );
        // Also after days.
        assert_eq!(
            decide("0 4 * * *", four, "2026-03-14T12:00:00Z"),
            Due::Missed(at(four))
        );
    }

    #[test]
    fn of_many_that_were_missed_one_that_is_fresh_runs() {
        assert_eq!(
            decide("0 4 * * *", "2026-03-10T04:00:00Z", "2026-03-14T04:10:00Z"),
            Due::Run(at("2026-03-14T04:00:00Z"))
        );
        let Due::Run(_) = decide("*/5 * * * *", "2026-03-10T04:00:00Z", "2026-03-14T04:11:00Z") else {
            panic!("it runs every five minutes");
        };
    }
}
