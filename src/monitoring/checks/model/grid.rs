//! When a check is looked at: at the points of a grid of its own. Where the grid begins follows from the check's id, so that many checks
//! spread evenly over their interval; the next point follows from the grid and not from when the last look was, so that nothing drifts.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::ids::CheckId;

/// A number that looks random, and is the same for the same id everywhere and always (the finaliser of `SplitMix64`).
fn mixed(id: CheckId) -> u64 {
    let (high, low) = id.0.as_u64_pair();
    let mut mixed = high.rotate_left(32) ^ low;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// How far into a step its point lies, and the step; in thousandths of a second.
fn place(id: CheckId, step: Duration) -> (i64, i64) {
    let step = u64::try_from(step.as_millis()).unwrap_or(u64::MAX).max(1);
    let phase = mixed(id) % step;
    (
        i64::try_from(phase).unwrap_or_default(),
        i64::try_from(step).unwrap_or(i64::MAX),
    )
}

/// The first point after `after`.
pub fn next_at(id: CheckId, step: Duration, after: DateTime<Utc>) -> DateTime<Utc> {
    let (phase, step) = place(id, step);
    let steps = (after.timestamp_millis() - phase).div_euclid(step) + 1;
    DateTime::from_timestamp_millis(phase + steps * step).unwrap_or(after)
}

/// How long before `at` its last point was.
pub fn late_by(id: CheckId, step: Duration, at: DateTime<Utc>) -> TimeDelta {
    let (phase, step) = place(id, step);
    TimeDelta::milliseconds((at.timestamp_millis() - phase).rem_euclid(step))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    proptest! {
        /// However late somebody looks, the next point lies ahead, at most a step away, and on the same grid.
        #[test]
        fn nothing_drifts(id: u128, seconds in 30_u64..3600, at in 1_700_000_000_000_i64..2_000_000_000_000) {
            let (id, step) = (CheckId(Uuid::from_u128(id)), Duration::from_secs(seconds));
            let at = DateTime::from_timestamp_millis(at).unwrap();
            let next = next_at(id, step, at);
            prop_assert!(next > at && (next - at).to_std().unwrap() <= step);
            prop_assert_eq!(next_at(id, step, next), next + step);
            prop_assert_eq!(late_by(id, step, next), TimeDelta::zero());
            prop_assert_eq!(next_at(id, step, next - TimeDelta::milliseconds(1)), next);
        }
    }

    /// Ids that follow each other, as tests and benchmarks make them, and as time makes them: no second of thirty gets much
    /// more than its share.
    #[test]
    fn ten_thousand_spread_evenly() {
        let begin: DateTime<Utc> = "2026-03-10T12:00:00Z".parse().unwrap();
        let mut seconds = [0; 30];
        for number in 0..10_000_u128 {
            let id = CheckId(Uuid::from_u128(number + 1));
            let into = next_at(id, Duration::from_secs(30), begin) - begin;
            seconds[usize::try_from(into.num_milliseconds() / 1000).unwrap().min(29)] += 1;
        }
        assert!(
            seconds.iter().all(|count| (240..430).contains(count)),
            "{seconds:?}"
        );
    }
}
