//! How long ago something was, in the words that pages use. `static/js/times.js` keeps the words true while a page is
//! open and follows the same rule, so that nothing moves when it takes over.

use chrono::{DateTime, TimeDelta, Utc};

/// The words for `then` as seen at `now`: "just now", "5 min ago", "in 2 h", "3 days ago", and the date from 30 days on.
pub fn ago(then: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let age = (now - then).abs();
    if age < TimeDelta::minutes(1) {
        return "just now".to_owned();
    }
    let span = match (age.num_minutes(), age.num_hours(), age.num_days()) {
        (minutes, 0, _) => format!("{minutes} min"),
        (_, hours, 0) => format!("{hours} h"),
        (_, _, 1) => "1 day".to_owned(),
        (_, _, days) if days < 30 => format!("{days} days"),
        _ => return then.format("%-d %b %Y").to_string(),
    };
    if now < then {
        format!("in {span}")
    } else {
        format!("{span} ago")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_it_in_the_largest_unit() {
        let now: DateTime<Utc> = "2026-11-23T14:00:00Z".parse().unwrap();
        let seen = |seconds: i64| ago(now - TimeDelta::seconds(seconds), now);
        assert_eq!(seen(59), "just now");
        assert_eq!(seen(-59), "just now");
        assert_eq!(seen(60), "1 min ago");
        assert_eq!(seen(-7_200), "in 2 h");
        assert_eq!(seen(86_399), "23 h ago");
        assert_eq!(seen(86_400), "1 day ago");
        assert_eq!(seen(29 * 86_400), "29 days ago");
        assert_eq!(seen(30 * 86_400), "24 Oct 2026");
    }
}
