//! How often a sign-in may fail: some attempts are free, then each costs a wait that doubles.
//!
//! An attempt is charged before its password is looked at and given back if it was right. So a thousand attempts at once
//! get no further than a thousand in a row. Accounts are counted by the hash of the address that was typed, whether there
//! is such an account or not: the answer must not tell.

use std::net::IpAddr;

use chrono::{DateTime, Duration, Utc};

use crate::platform::secret::hash_token;

const FIRST_WAIT: Duration = Duration::minutes(1);
const LONGEST_WAIT: Duration = Duration::minutes(30);

/// What is known of one key's failures.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Attempts {
    /// In a row, the one being tried included.
    pub failures: i32,
    /// The last one.
    pub last_failure_at: DateTime<Utc>,
    /// No further attempt before.
    pub locked_until: DateTime<Utc>,
}

impl Attempts {
    /// Takes a charge back. A lock can only be of this very attempt: nobody else got through since.
    pub(crate) fn give_back(&self, now: DateTime<Utc>) -> Self {
        Self {
            failures: (self.failures - 1).max(0),
            locked_until: now,
            ..self.clone()
        }
    }
}

/// No further attempt now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Locked {
    /// When there may be one.
    pub until: DateTime<Utc>,
}

impl Locked {
    /// How many minutes that is, for people.
    pub(crate) fn minutes(self, now: DateTime<Utc>) -> i64 {
        let seconds = (self.until - now).num_seconds();
        ((seconds + 59) / 60).max(1)
    }
}

/// How patient one kind of key is.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Schedule {
    /// This many may fail; the last of them locks.
    free: i32,
    /// After this long without a failure the count starts anew.
    forget_after: Duration,
}

/// One account: at most about 50 guesses a day.
pub(crate) const ACCOUNT: Schedule = Schedule {
    free: 5,
    forget_after: Duration::hours(24),
};
/// One address, which a whole office may share: a password tried on many accounts.
pub(crate) const ADDRESS: Schedule = Schedule {
    free: 50,
    forget_after: Duration::hours(1),
};

impl Schedule {
    /// Counts an attempt as if it had failed.
    pub(crate) fn charge(&self, known: &Attempts, now: DateTime<Utc>) -> Result<Attempts, Locked> {
        if known.locked_until > now {
            return Err(Locked {
                until: known.locked_until,
            });
        }
        let is_old = now - known.last_failure_at >= self.forget_after;
        let failures = if is_old {
            1
        } else {
            known.failures.saturating_add(1)
        };
        Ok(Attempts {
            failures,
            last_failure_at: now,
            locked_until: now + self.wait(failures),
        })
    }

    fn wait(&self, failures: i32) -> Duration {
        let Ok(doublings) = u32::try_from(failures - self.free) else {
            return Duration::zero();
        };
        let factor = 1_i32.checked_shl(doublings.min(16)).unwrap_or(i32::MAX);
        (FIRST_WAIT * factor).min(LONGEST_WAIT)
    }
}

/// The key that an account's failures are counted under.
pub(crate) fn account_key(typed: &str) -> String {
    use std::fmt::Write as _;
    let hash = hash_token(&typed.trim().to_lowercase());
    hash.iter().fold("account:".to_owned(), |mut key, byte| {
        let _ = write!(key, "{byte:02x}");
        key
    })
}

/// The key that an address's failures are counted under. One customer usually has a whole /64 of IPv6.
pub(crate) fn address_key(ip: &str) -> String {
    match ip.parse::<IpAddr>().map(|ip| ip.to_canonical()) {
        Ok(IpAddr::V6(ip)) => {
            let [a, b, c, d, ..] = ip.segments();
            format!("address:{a:x}:{b:x}:{c:x}:{d:x}::/64")
        }
        Ok(IpAddr::V4(ip)) => format!("address:{ip}"),
        Err(_) => "address:unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn start() -> DateTime<Utc> {
        "2026-11-23T09:00:00Z".parse().unwrap()
    }

    fn none(now: DateTime<Utc>) -> Attempts {
        Attempts {
            failures: 0,
            last_failure_at: now,
            locked_until: now,
        }
    }

    #[test]
    fn the_wait_doubles_after_the_free_attempts() {
        let mut now = start();
        let mut known = none(now);
        let mut waits = Vec::new();
        for _ in 0..12 {
            known = ACCOUNT.charge(&known, now).unwrap();
            waits.push((known.locked_until - now).num_minutes());
            now = known.locked_until;
        }
        assert_eq!(waits, [0, 0, 0, 0, 1, 2, 4, 8, 16, 30, 30, 30]);
    }

    #[test]
    fn forgets_after_a_quiet_day() {
        let long_ago = Attempts {
            failures: 40,
            ..none(start())
        };
        let charged = ACCOUNT.charge(&long_ago, start() + Duration::hours(24)).unwrap();
        assert_eq!(
            (charged.failures, charged.locked_until),
            (1, charged.last_failure_at)
        );
    }

    #[test]
    fn a_right_password_costs_nothing() {
        let known = Attempts {
            failures: 60,
            ..none(start())
        };
        let now = start() + Duration::minutes(1);
        let charged = ADDRESS.charge(&known, now).unwrap();
        assert!(charged.locked_until > now);
        let back = charged.give_back(now);
        assert_eq!((back.failures, back.locked_until), (60, now));
    }

    #[test]
    fn minutes_are_rounded_up() {
        let until = |seconds| {
            Locked {
                until: start() + Duration::seconds(seconds),
            }
            .minutes(start())
        };
        assert_eq!(
            [until(0), until(1), until(60), until(61), until(1800)],
            [1, 1, 1, 2, 30]
        );
    }

    #[test]
    fn keys_tell_no_address_and_join_what_belongs_together() {
        assert_eq!(account_key(" Ada@Example.com"), account_key("ada@example.com"));
        assert!(!account_key("ada@example.com").contains("ada"));
        assert_eq!(
            address_key("2001:db8:1:2::1"),
            address_key("2001:db8:1:2:ffff::9")
        );
        assert_eq!(address_key("::ffff:192.0.2.7"), "address:192.0.2.7");
        assert_eq!(address_key("nonsense"), "address:unknown");
    }

    proptest! {
        #[test]
        fn nobody_gets_far_in_a_day(pauses in prop::collection::vec(0_i64..7200, 1..400)) {
            let mut now = start();
            let mut known = none(now);
            let mut tried = 0;
            for pause in pauses {
                now += Duration::seconds(pause);
                if now - start() > Duration::hours(24) { break; }
                if let Ok(charged) = ACCOUNT.charge(&known, now) {
                    prop_assert!(charged.locked_until - now <= LONGEST_WAIT);
                    known = charged;
                    tried += 1;
                } else {
                    prop_assert!(known.locked_until > now);
                }
            }
            prop_assert!(tried <= 58, "{tried} attempts in a day");
        }
    }
}
