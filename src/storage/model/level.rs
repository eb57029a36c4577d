//! Warnings: at 80, 90 and 100 percent, once for each crossing. A warning ends two percent below where it began, so what goes
//! to and fro at a border is told once.

use super::percent;

/// How full it is, as far as anybody has to be told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// There is room.
    #[default]
    Fine,
    /// 80 percent.
    Filling,
    /// 90 percent.
    NearlyFull,
    /// All of it, or more.
    Full,
}

/// So far below its beginning a warning ends.
const SLACK: i64 = 2;

impl Level {
    const ALL: [Self; 4] = [Self::Fine, Self::Filling, Self::NearlyFull, Self::Full];

    /// From how many percent on.
    pub fn percent(self) -> i16 {
        match self {
            Self::Fine => 0,
            Self::Filling => 80,
            Self::NearlyFull => 90,
            Self::Full => 100,
        }
    }

    /// The level of a number of percent; the one below if there is none.
    pub fn of(percent: i64) -> Self {
        let mut all = Self::ALL.into_iter();
        all.rfind(|level| percent >= i64::from(level.percent()))
            .unwrap_or_default()
    }

    /// The level after this one, now that so much is used of so much.
    #[must_use]
    pub fn next(self, used: i64, allowed: i64) -> Self {
        let now = percent(used, allowed);
        let reached = Self::of(now);
        if reached >= self {
            return reached;
        }
        // The highest of those that stand and have not ended yet.
        let stands = |level: &Self| *level <= self && now >= i64::from(level.percent()) - SLACK;
        let held = Self::ALL.into_iter().rfind(stands).unwrap_or_default();
        held.max(reached)
    }

    /// The tone that pages show it in.
    pub fn tone(self) -> &'static str {
        match self {
            Self::Fine => "good",
            Self::Filling => "warn",
            Self::NearlyFull | Self::Full => "bad",
        }
    }

    /// It in words.
    pub fn word(self) -> &'static str {
        match self {
            Self::Fine => "There is room",
            Self::Filling => "Filling up",
            Self::NearlyFull => "Nearly full",
            Self::Full => "Full",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Level::{self, Filling, Fine, Full, NearlyFull};
    use proptest::prelude::*;

    #[test]
    fn each_border_is_crossed_once_and_left_a_little_below() {
        let walk = [
            (79, Fine),
            (80, Filling),
            (79, Filling),
            (78, Filling),
            (80, Filling),
            (77, Fine),
            (95, NearlyFull),
            (88, NearlyFull),
            (87, Filling),
            (100, Full),
            (99, Full),
            (98, Full),
            (97, NearlyFull),
            (120, Full),
            (79, Filling),
            (10, Fine),
        ];
        let mut level = Fine;
        for (used, expected) in walk {
            level = level.next(used, 100);
            assert_eq!(level, expected, "at {used}");
        }
    }

    #[test]
    fn nothing_of_nothing_is_fine_and_something_of_nothing_is_full() {
        assert_eq!(Fine.next(0, 0), Fine);
        assert_eq!(Fine.next(1, 0), Full);
        assert_eq!(Fine.next(i64::MAX, 1), Full);
    }

    fn levels() -> impl Strategy<Value = Level> {
        prop::sample::select(Level::ALL.to_vec())
    }

    proptest! {
        #[test]
        fn asking_twice_changes_nothing(before in levels(), used in 0_i64..2000, allowed in 0_i64..1000) {
            let once = before.next(used, allowed);
            prop_assert_eq!(once.next(used, allowed), once);
        }

        #[test]
        fn it_is_never_lower_than_what_is_reached_and_at_most_two_percent_above(
            before in levels(), used in 0_i64..2000, allowed in 1_i64..1000,
        ) {
            let next = before.next(used, allowed);
            let now = super::percent(used, allowed);
            prop_assert!(next >= Level::of(now));
            prop_assert!(next <= Level::of(now + super::SLACK).max(Level::of(now)));
        }
    }
}
