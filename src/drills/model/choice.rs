//! Which backup of a tenant is tried next: each server has its turn, the one that was looked at longest ago first, and of it the
//! newest backup.

use chrono::{DateTime, TimeDelta, Utc};

use crate::platform::ids::{BackupId, ServerId};

/// The night leaves a backup alone that was made so recently: whoever makes one by hand is at work on the server.
const SETTLED: TimeDelta = TimeDelta::minutes(10);

/// The newest whole backup of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// The server.
    pub server: ServerId,
    /// What it is called.
    pub name: String,
    /// The backup.
    pub backup: BackupId,
    /// From when it is.
    pub backup_at: DateTime<Utc>,
    /// When a backup of the server was tried last, with whatever result.
    pub looked_at: Option<DateTime<Utc>>,
}

/// The next one of a tenant's. One that failed last time waits for its turn like every other: its alert stands until then, and a
/// tenant of many servers must not spend every night on one of them.
pub fn choose(candidates: &[Candidate], now: DateTime<Utc>) -> Option<&Candidate> {
    candidates
        .iter()
        .filter(|one| one.backup_at + SETTLED <= now)
        .min_by_key(|one| (one.looked_at, one.backup_at, one.server))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(seconds, 0).unwrap()
    }

    fn candidate(number: u128, looked_at: Option<i64>) -> Candidate {
        Candidate {
            server: ServerId(Uuid::from_u128(number)),
            name: String::new(),
            backup: BackupId(Uuid::from_u128(number)),
            backup_at: at(0),
            looked_at: looked_at.map(at),
        }
    }

    #[test]
    fn what_was_never_tried_comes_first() {
        let all = [candidate(1, Some(5)), candidate(2, None), candidate(3, Some(1))];
        assert_eq!(choose(&all, at(600)), Some(&all[1]));
        assert_eq!(choose(&all, at(599)), None, "it was made just now");
        assert_eq!(choose(&[], at(600)), None);
    }

    proptest! {
        #[test]
        fn everybody_has_a_turn(count in 1_usize..12, nights in 1_usize..40) {
            let mut all: Vec<_> = (0..count).map(|number| candidate(number as u128, None)).collect();
            let mut turns = vec![0_usize; count];
            for night in 0..nights {
                let chosen = choose(&all, at(600)).unwrap().server;
                let place = all.iter().position(|one| one.server == chosen).unwrap();
                turns[place] += 1;
                all[place].looked_at = Some(at(i64::try_from(night).unwrap() + 1));
            }
            let (least, most) = (turns.iter().min().unwrap(), turns.iter().max().unwrap());
            prop_assert!(most - least <= 1, "{turns:?}");
        }
    }
}
