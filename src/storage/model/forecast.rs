//! When it will be full, if it goes on like this: the median of all slopes between two moments (Theil and Sen), which a clean-up
//! or a single large upload does not turn round. It says nothing where the past does not justify it: too short, no growth, growth
//! in too few of the pairs, or an end that is farther away than what was seen would carry.

use chrono::{DateTime, TimeDelta, Utc};

/// At least so much of the past has to be known.
const SHORTEST: TimeDelta = TimeDelta::days(3);
/// More points than these are thinned out: their pairs are counted.
const MOST: usize = 120;
/// So many of the pairs have to have grown.
const AGREEMENT: f64 = 0.8;
/// As many times what was seen, it is told ahead.
const AHEAD: f64 = 6.0;

/// In how many days, rounded down, what is used reaches what is allowed. Nothing if it is full already or nobody can tell.
/// `values` are in the order of time.
#[expect(clippy::cast_precision_loss, reason = "a forecast is not exact to the byte")]
pub fn days_until_full(values: &[(DateTime<Utc>, i64)], allowed: i64) -> Option<i64> {
    let (first, last) = (values.first()?, values.last()?);
    let seen = last.0 - first.0;
    if seen < SHORTEST || last.1 >= allowed {
        return None;
    }
    let days = |at: DateTime<Utc>| (at - first.0).num_seconds() as f64 / 86_400.0;
    let every = values.len().div_ceil(MOST);
    let points: Vec<(f64, f64)> = values
        .iter()
        .rev()
        .step_by(every)
        .map(|(at, bytes)| (days(*at), *bytes as f64))
        .collect();
    let slope = typical_growth(&points)?;
    let left = (allowed as f64 - last.1 as f64) / slope;
    if !left.is_finite() || left > days(last.0) * AHEAD {
        return None;
    }
    whole_days(left)
}

/// Bytes a day, if it grows and most of the pairs agree.
#[expect(clippy::cast_precision_loss, reason = "there are some thousands of pairs")]
fn typical_growth(points: &[(f64, f64)]) -> Option<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (index, later) in points.iter().enumerate() {
        for earlier in &points[index + 1..] {
            if later.0 > earlier.0 {
                slopes.push((later.1 - earlier.1) / (later.0 - earlier.0));
            }
        }
    }
    let growing = slopes.iter().filter(|slope| **slope > 0.0).count();
    if slopes.is_empty() || (growing as f64) < AGREEMENT * slopes.len() as f64 {
        return None;
    }
    slopes.sort_by(f64::total_cmp);
    slopes.get(slopes.len() / 2).copied().filter(|slope| *slope > 0.0)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "it is positive and at most some years"
)]
fn whole_days(days: f64) -> Option<i64> {
    (0.0..100_000.0).contains(&days).then_some(days as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn line(hours: i64, value: impl Fn(i64) -> i64) -> Vec<(DateTime<Utc>, i64)> {
        (0..hours)
            .map(|hour| (DateTime::UNIX_EPOCH + TimeDelta::hours(hour), value(hour)))
            .collect()
    }

    #[test]
    fn a_steady_growth_is_told_to_the_day() {
        let values = line(24 * 7 + 1, |hour| 1000 * hour);
        assert_eq!(days_until_full(&values, 1000 * 24 * 16), Some(9));
    }

    #[test]
    fn a_clean_up_and_an_upload_do_not_turn_it_round() {
        let values = line(24 * 10 + 1, |hour| match hour {
            100 => 5_000_000,
            150..156 => 0,
            _ => 1000 * hour,
        });
        assert_eq!(days_until_full(&values, 1000 * 24 * 20), Some(10));
    }

    #[test]
    fn it_says_nothing_without_reason() {
        let allowed = 1_000_000;
        assert_eq!(days_until_full(&[], allowed), None);
        assert_eq!(
            days_until_full(&line(48, |hour| hour), allowed),
            None,
            "too short"
        );
        assert_eq!(days_until_full(&line(200, |_| 7), allowed), None, "no growth");
        assert_eq!(
            days_until_full(&line(200, |hour| 1000 - hour), allowed),
            None,
            "it shrinks"
        );
        assert_eq!(
            days_until_full(&line(200, |hour| 900_000 * (hour % 2)), allowed),
            None,
            "to and fro"
        );
        assert_eq!(
            days_until_full(&line(200, |hour| hour), allowed),
            None,
            "far away"
        );
        assert_eq!(
            days_until_full(&line(200, |hour| 10_000 * hour), allowed),
            None,
            "full already"
        );
        let once = line(200, |hour| if hour < 190 { 5 } else { 900_000 });
        assert_eq!(days_until_full(&once, allowed), None, "one upload is no trend");
    }

    proptest! {
        #[test]
        fn more_room_is_never_full_sooner(growth in 1_i64..5000, noise in prop::collection::vec(0_i64..500, 240), room in 1_i64..100) {
            let values = line(240, |hour| growth * hour + noise[usize::try_from(hour).unwrap()]);
            let top = values.last().unwrap().1;
            let (near, far) = (top + growth * 24 * room, top + growth * 24 * room * 2);
            if let (Some(near), Some(far)) = (days_until_full(&values, near), days_until_full(&values, far)) {
                prop_assert!(near <= far);
            }
        }

        #[test]
        fn whatever_is_given_it_answers(
            values in prop::collection::vec((0_i64..10_000_000, i64::MIN / 4..i64::MAX / 4), 0..200), allowed in any::<i64>(),
        ) {
            let mut values: Vec<_> = values
                .into_iter()
                .map(|(second, bytes)| (DateTime::UNIX_EPOCH + TimeDelta::seconds(second), bytes))
                .collect();
            values.sort_unstable();
            if let Some(days) = days_until_full(&values, allowed.max(0)) {
                prop_assert!(days >= 0);
            }
        }

        #[test]
        fn a_line_is_told_within_a_day(growth in 100_i64..100_000, days in 4_i64..30, ahead in 1_i64..20) {
            let values = line(days * 24 + 1, |hour| growth * hour);
            let allowed = growth * 24 * (days + ahead);
            let told = days_until_full(&values, allowed);
            prop_assert!(told.is_none_or(|told| (told - ahead).abs() <= 1), "{told:?}, {ahead}");
            prop_assert!(told.is_some() || ahead > days * 6 - 1);
        }
    }
}
