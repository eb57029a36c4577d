//! How long until something is due, in the words that pages use. `static/js/tickets.js` goes on counting by the same rule, so that
//! nothing moves when it takes over.

use chrono::{DateTime, Utc};

/// The words for `due` as seen at `now`: "3 d 4 h left", "2 h 05 min left", "7 min 30 s over".
pub(in crate::tickets) fn clock(due: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let span = (due - now).abs();
    let (seconds, minutes, hours, days) = (
        span.num_seconds(),
        span.num_minutes(),
        span.num_hours(),
        span.num_days(),
    );
    let words = match (days, hours) {
        (2.., _) => format!("{days} d {} h", hours % 24),
        (_, 1..) => format!("{hours} h {:02} min", minutes % 60),
        _ => format!("{minutes} min {:02} s", seconds % 60),
    };
    let end = if due < now { "over" } else { "left" };
    format!("{words} {end}")
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    #[test]
    fn it_is_told_in_two_units() {
        let now: DateTime<Utc> = "2026-11-23T14:00:00Z".parse().unwrap();
        let seen = |seconds| clock(now + TimeDelta::seconds(seconds), now);
        assert_eq!(seen(450), "7 min 30 s left");
        assert_eq!(seen(-5), "0 min 05 s over");
        assert_eq!(seen(7_500), "2 h 05 min left");
        assert_eq!(seen(47 * 3600), "47 h 00 min left");
        assert_eq!(seen(-(2 * 86_400 + 3_600)), "2 d 1 h over");
    }
}
