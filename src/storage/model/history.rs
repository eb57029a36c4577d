//! The history as a chart wants it: a value for each step, made of the changes alone.

use chrono::{DateTime, TimeDelta, Utc};

/// How long a step of the history is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Kept for 30 days.
    Hour,
    /// Kept for two years.
    Day,
}

impl Step {
    /// Its length.
    pub fn length(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::hours(1),
            Self::Day => TimeDelta::days(1),
        }
    }

    /// For how long its rows are kept.
    pub fn kept(self) -> TimeDelta {
        match self {
            Self::Hour => TimeDelta::days(30),
            Self::Day => TimeDelta::days(730),
        }
    }

    /// The step that a moment is in.
    pub fn floor(self, at: DateTime<Utc>) -> DateTime<Utc> {
        let length = self.length().num_seconds();
        let seconds = at.timestamp();
        DateTime::from_timestamp(seconds - seconds.rem_euclid(length), 0).unwrap_or(at)
    }
}

/// How much of the past is asked for, always up to now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Seven days.
    Week,
    /// Thirty days.
    Month,
    /// A year.
    Year,
    /// All that is kept.
    TwoYears,
}

impl Range {
    /// All, in the order of pages.
    pub const ALL: [Self; 4] = [Self::Week, Self::Month, Self::Year, Self::TwoYears];

    /// Its word in addresses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Week => "7d",
            Self::Month => "30d",
            Self::Year => "1y",
            Self::TwoYears => "2y",
        }
    }

    /// Its name on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Week => "7 days",
            Self::Month => "30 days",
            Self::Year => "1 year",
            Self::TwoYears => "2 years",
        }
    }

    /// The range of a word; a month if nothing is said.
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "" => Some(Self::Month),
            _ => Self::ALL.into_iter().find(|range| range.name() == word),
        }
    }

    /// Its steps.
    pub fn step(self) -> Step {
        match self {
            Self::Week | Self::Month => Step::Hour,
            Self::Year | Self::TwoYears => Step::Day,
        }
    }

    /// The beginning of its first step.
    pub fn from(self, now: DateTime<Utc>) -> DateTime<Utc> {
        let length = match self {
            Self::Week => TimeDelta::days(7),
            // The oldest part is dropped as a whole, so the last day of what is kept may be gone.
            Self::Month => TimeDelta::days(30),
            Self::Year => TimeDelta::days(365),
            Self::TwoYears => TimeDelta::days(729),
        };
        self.step().floor(now - length)
    }
}

/// A step in which something changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Past {
    /// The step's beginning.
    pub at: DateTime<Utc>,
    /// What there was before; nothing if that is not known.
    pub before: Option<i64>,
    /// What there was at its end.
    pub bytes: i64,
}

/// The value at the end of each step from `from` to `now`, the last one being what is there now. Nothing where it was not
/// known yet. `past` is in the order of time and reaches to now.
pub fn filled(
    past: &[Past],
    (from, now): (DateTime<Utc>, DateTime<Utc>),
    step: Step,
    current: Option<i64>,
) -> Vec<(DateTime<Utc>, Option<i64>)> {
    let mut rest = past.iter().skip_while(|one| one.at < from).peekable();
    let mut value = rest.peek().map_or(current, |first| first.before);
    let mut all = Vec::new();
    let mut at = from;
    while at <= now {
        while let Some(change) = rest.next_if(|change| change.at <= at) {
            value = Some(change.bytes);
        }
        all.push((at, value));
        at += step.length();
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hour(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::hours(480_000 + hours)
    }

    fn values(past: &[Past], current: Option<i64>) -> Vec<Option<i64>> {
        let all = filled(past, (hour(0), hour(4)), Step::Hour, current);
        all.into_iter().map(|(_, value)| value).collect()
    }

    #[test]
    fn between_changes_it_is_what_it_was() {
        let past = [
            Past {
                at: hour(1),
                before: Some(5),
                bytes: 7,
            },
            Past {
                at: hour(3),
                before: Some(7),
                bytes: 2,
            },
        ];
        assert_eq!(values(&past, Some(2)), [5, 7, 7, 2, 2].map(Some));
    }

    #[test]
    fn without_a_change_it_is_what_it_is_and_before_the_first_nothing_is_known() {
        assert_eq!(values(&[], Some(3)), [3; 5].map(Some));
        assert_eq!(values(&[], None), [None; 5]);
        let first = [Past {
            at: hour(2),
            before: None,
            bytes: 9,
        }];
        assert_eq!(values(&first, Some(9)), [None, None, Some(9), Some(9), Some(9)]);
    }

    #[test]
    fn steps_begin_at_whole_hours_and_days() {
        let moment = hour(30) + TimeDelta::minutes(59);
        assert_eq!(Step::Hour.floor(moment), hour(30));
        assert_eq!(Step::Day.floor(moment), hour(24));
        for range in Range::ALL {
            assert_eq!(Range::parse(range.name()), Some(range));
        }
        assert_eq!(Range::parse("3d"), None);
    }

    proptest! {
        #[test]
        fn the_last_step_is_what_the_last_change_says(changes in prop::collection::btree_map(0_i64..100, 0_i64..1000, 1..20)) {
            let mut before = None;
            let past: Vec<Past> = changes.iter().map(|(at, bytes)| {
                let one = Past { at: hour(*at), before, bytes: *bytes };
                before = Some(*bytes);
                one
            }).collect();
            let all = filled(&past, (hour(0), hour(100)), Step::Hour, before);
            prop_assert_eq!(all.len(), 101);
            prop_assert_eq!(all[100].1, before);
            for (at, value) in all {
                let known = past.iter().rfind(|one| one.at <= at).map(|one| one.bytes);
                prop_assert_eq!(value, known);
            }
        }
    }
}
