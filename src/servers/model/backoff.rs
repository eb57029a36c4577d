//! When to try again.

use chrono::{DateTime, Duration, Utc};

use crate::platform::ids::ServerId;

/// After so many failed attempts in a row an operation ends as failed. The reconciler goes on.
pub const GIVE_UP_AFTER: i32 = 8;
const FIRST: Duration = Duration::seconds(1);
const LONGEST: Duration = Duration::minutes(5);
/// A server that has run for so long is no longer suspected of ending again at once.
pub const SETTLED_AFTER: Duration = Duration::minutes(1);

/// How long to wait after `failures` failures in a row: from a second, doubling, to five minutes; up to a quarter more by
/// the server's id, so that a thousand servers that failed together do not come back together.
pub fn backoff(failures: i32, id: ServerId) -> Duration {
    let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0).min(16);
    let base = LONGEST.min(FIRST * 2_i32.pow(doublings));
    let spread = i32::try_from(id.0.as_u128() & 255).unwrap_or(0);
    base + base * spread / 1024
}

/// When to try again, if it failed now for the `failures`th time.
pub fn next_try(failures: i32, id: ServerId, now: DateTime<Utc>) -> DateTime<Utc> {
    now + backoff(failures, id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use uuid::Uuid;

    #[test]
    fn doubles_from_a_second_to_five_minutes() {
        let id = ServerId(Uuid::from_u128(0));
        let waits: Vec<_> = (0..12).map(|n| backoff(n, id).num_seconds()).collect();
        assert_eq!(waits, [1, 1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(backoff(i32::MAX, id), LONGEST);
    }

    proptest! {
        #[test]
        fn is_the_same_every_time_and_at_most_a_quarter_longer(failures in 0..40_i32, bits: u128) {
            let id = ServerId(Uuid::from_u128(bits));
            let (wait, least) = (backoff(failures, id), backoff(failures, ServerId(Uuid::from_u128(0))));
            prop_assert_eq!(wait, backoff(failures, id));
            prop_assert!(wait >= least && wait <= least + least / 4);
        }
    }
}
