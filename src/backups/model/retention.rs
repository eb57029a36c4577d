//! What is kept of the backups that a schedule made. Pure: which of them go follows from when they were made.

use chrono::{DateTime, Datelike as _, Utc};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::platform::ids::BackupId;

/// So many a retention keeps at most.
pub const MOST_KEPT: u32 = 30;

/// How many are kept: the newest ones, and of days, weeks and months the newest of each. One that several of them keep counts for
/// all of them. Days begin at midnight UTC, weeks on Monday.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = BackupRetention)]
pub struct Retention {
    /// The newest so many.
    #[schema(maximum = 30, example = 1)]
    pub last: u32,
    /// The newest of each of so many days.
    #[schema(maximum = 30, example = 7)]
    pub daily: u32,
    /// The newest of each of so many weeks.
    #[schema(maximum = 30, example = 4)]
    pub weekly: u32,
    /// The newest of each of so many months.
    #[schema(maximum = 30, example = 6)]
    pub monthly: u32,
}

/// What a schedule's step backs up, and what is kept of that.
#[derive(Debug, Clone, Copy)]
pub struct BySchedule {
    /// What is kept of each server and volume.
    pub retention: Retention,
    /// Whether the volumes that are attached are backed up too.
    pub with_volumes: bool,
}

/// Which day, week or month something belongs to.
type Period = fn(DateTime<Utc>) -> (i32, u32);

impl Retention {
    /// Whether it keeps something, and not too much.
    pub fn check(self) -> Result<Self, String> {
        let all = [self.last, self.daily, self.weekly, self.monthly];
        match all.into_iter().map(u64::from).sum() {
            0 => Err("Keep at least one backup.".to_owned()),
            sum if sum > u64::from(MOST_KEPT) => Err(format!("Keep at most {MOST_KEPT} backups altogether.")),
            _ => Ok(self),
        }
    }

    /// In words: `the last 2, 7 daily, 4 weekly`.
    pub fn words(self) -> String {
        let mut words = Vec::new();
        match self.last {
            0 => {}
            1 => words.push("the last".to_owned()),
            many => words.push(format!("the last {many}")),
        }
        let periods = [
            (self.daily, "daily"),
            (self.weekly, "weekly"),
            (self.monthly, "monthly"),
        ];
        let used = periods.into_iter().filter(|(count, _)| *count > 0);
        words.extend(used.map(|(count, word)| format!("{count} {word}")));
        words.join(", ")
    }

    /// Which of these go, the newest first.
    pub fn going(self, made: &[(BackupId, DateTime<Utc>)]) -> Vec<BackupId> {
        let mut is_kept = vec![false; made.len()];
        for kept in is_kept.iter_mut().take(count(self.last)) {
            *kept = true;
        }
        let periods: [(u32, Period); 3] = [
            (self.daily, |at| (at.year(), at.ordinal())),
            (self.weekly, |at| (at.iso_week().year(), at.iso_week().week())),
            (self.monthly, |at| (at.year(), at.month())),
        ];
        for (most, period) in periods {
            let (mut used, mut last) = (0, None);
            for (kept, (_, at)) in is_kept.iter_mut().zip(made) {
                if used < most && last != Some(period(*at)) {
                    (used, last) = (used + 1, Some(period(*at)));
                    *kept = true;
                }
            }
        }
        let going = made.iter().zip(is_kept).filter(|(_, is_kept)| !is_kept);
        going.map(|((id, _), _)| *id).collect()
    }
}

fn count(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use chrono::{TimeDelta, TimeZone as _};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    /// One every `hours`, the newest first, the newest at noon of a Wednesday.
    fn made(many: u128, hours: i64) -> Vec<(BackupId, DateTime<Utc>)> {
        let newest = Utc.with_ymd_and_hms(2026, 3, 11, 12, 0, 0).unwrap();
        let at = |number: u128| newest - TimeDelta::hours(hours) * i32::try_from(number).unwrap();
        (0..many)
            .map(|number| (BackupId(Uuid::from_u128(number)), at(number)))
            .collect()
    }

    fn kept(retention: Retention, made: &[(BackupId, DateTime<Utc>)]) -> Vec<u128> {
        let going = retention.going(made);
        let stays = made.iter().filter(|(id, _)| !going.contains(id));
        stays.map(|(id, _)| id.0.as_u128()).collect()
    }

    #[test]
    fn the_newest_of_each_period_stays() {
        let last = Retention {
            last: 2,
            ..Retention::default()
        };
        assert_eq!(kept(last, &made(5, 1)), [0, 1]);
        let daily = Retention {
            daily: 3,
            ..Retention::default()
        };
        // At noon, and at 23:00 of the days before.
        assert_eq!(kept(daily, &made(60, 1)), [0, 13, 37]);
        let weekly = Retention {
            weekly: 2,
            ..Retention::default()
        };
        // Today, and Sunday.
        assert_eq!(kept(weekly, &made(30, 24)), [0, 3]);
        let monthly = Retention {
            monthly: 2,
            ..Retention::default()
        };
        // Today, and 28 February.
        assert_eq!(kept(monthly, &made(40, 24)), [0, 11]);
        let all = Retention {
            last: 1,
            daily: 2,
            weekly: 2,
            monthly: 2,
        };
        assert_eq!(kept(all, &made(40, 24)), [0, 1, 3, 11]);
    }

    #[test]
    fn none_and_too_many_are_refused() {
        assert!(Retention::default().check().is_err());
        let many = Retention {
            last: 30,
            monthly: 1,
            ..Retention::default()
        };
        assert!(many.check().is_err());
        let huge = Retention {
            last: u32::MAX,
            daily: u32::MAX,
            ..Retention::default()
        };
        assert!(huge.check().is_err());
        let good = Retention {
            last: 1,
            daily: 7,
            weekly: 4,
            monthly: 6,
        };
        assert_eq!(
            good.check().unwrap().words(),
            "the last, 7 daily, 4 weekly, 6 monthly"
        );
    }

    proptest! {
        #[test]
        fn the_newest_stays_and_never_more_than_was_said(
            (last, daily, weekly, monthly) in (0_u32..9, 0_u32..9, 0_u32..9, 0_u32..9),
            (many, hours) in (0_u128..200, 1_i64..100),
        ) {
            let retention = Retention { last, daily, weekly, monthly };
            let made = made(many, hours);
            let kept = kept(retention, &made);
            let sum = count(last + daily + weekly + monthly);
            prop_assert!(kept.len() <= sum);
            prop_assert!(kept.len() >= count(last).min(made.len()));
            prop_assert_eq!(sum > 0 && !made.is_empty(), kept.first() == Some(&0));
            // What stays, stays when it is asked again.
            let stay: Vec<_> = made.iter().filter(|(id, _)| kept.contains(&id.0.as_u128())).copied().collect();
            prop_assert_eq!(retention.going(&stay), Vec::new());
        }
    }
}
