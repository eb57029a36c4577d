//! What a plan does when a tenant uses more disk than it allows.
//!
//! | policy | more than the plan's disk is asked for | while the disk is full | warnings | after the grace |
//! |---|---|---|---|---|
//! | block | refused | larger and new things are refused | yes | |
//! | notify | refused | goes on | yes | |
//! | suspend | refused | larger and new things are refused | yes | suspended, until there is room |
//! | allow | let through | goes on | no | |
//! | allow and notify | let through | goes on | yes | |

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::Level;

/// The choice.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = OverusePolicy)]
pub enum Policy {
    /// Refuse new and larger things while the disk is full.
    #[default]
    Block,
    /// Only tell.
    Notify,
    /// As `block`, and suspend after the grace.
    Suspend,
    /// Let it go on, and tell nobody.
    Allow,
    /// Let it go on, and tell.
    AllowAndNotify,
}

impl Policy {
    /// All, in the order of forms.
    pub const ALL: [Self; 5] = [
        Self::Block,
        Self::Notify,
        Self::Suspend,
        Self::Allow,
        Self::AllowAndNotify,
    ];

    /// Its word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Block => "block",
            Self::Notify => "notify",
            Self::Suspend => "suspend",
            Self::Allow => "allow",
            Self::AllowAndNotify => "allow_and_notify",
        }
    }

    /// What it does, for the form.
    pub fn label(self) -> &'static str {
        match self {
            Self::Block => "Block: refuse new and larger things while it is full",
            Self::Notify => "Notify: warn, and refuse nothing that fits the plan",
            Self::Suspend => "Suspend: block, and suspend after the days of grace",
            Self::Allow => "Allow: let tenants go beyond, and tell nobody",
            Self::AllowAndNotify => "Allow and notify: let tenants go beyond, and warn",
        }
    }

    /// The policy of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|policy| policy.name() == word)
    }

    /// Whether anybody is warned.
    pub fn warns(self) -> bool {
        self != Self::Allow
    }

    fn lets_beyond(self) -> bool {
        matches!(self, Self::Allow | Self::AllowAndNotify)
    }

    fn holds_when_full(self) -> bool {
        matches!(self, Self::Block | Self::Suspend)
    }
}

/// What a plan does about overuse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Overuse {
    /// What.
    pub policy: Policy,
    /// For how many days a tenant may be over before it is suspended.
    pub grace_days: i32,
}

impl Default for Overuse {
    fn default() -> Self {
        Self {
            policy: Policy::default(),
            grace_days: 7,
        }
    }
}

impl Overuse {
    /// The days that a grace may have.
    pub const DAYS: std::ops::RangeInclusive<i32> = 1..=90;

    /// What follows when the storage is full, for those who are warned.
    pub fn consequence(self) -> String {
        match self.policy {
            Policy::Block => "When it is full, nothing new and nothing larger can be made.".to_owned(),
            Policy::Suspend => format!(
                "When it is full, nothing new and nothing larger can be made, and after {} days all servers are stopped.",
                self.grace_days
            ),
            Policy::Notify => "When it is full, what is there goes on.".to_owned(),
            Policy::Allow | Policy::AllowAndNotify => "What is used beyond that goes on.".to_owned(),
        }
    }

    /// The grace.
    pub fn grace(self) -> TimeDelta {
        TimeDelta::days(i64::from(self.grace_days))
    }
}

/// Whether something larger may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Room {
    /// As far as the plan's disk reaches.
    Plan,
    /// Whatever the plan's disk is.
    Beyond,
    /// Not while the disk is full.
    Full,
}

/// Whether a tenant that uses so much of so much may have something more.
pub fn room(policy: Policy, used: i64, allowed: i64) -> Room {
    match policy {
        _ if policy.lets_beyond() => Room::Beyond,
        _ if policy.holds_when_full() && used > 0 && used >= allowed => Room::Full,
        _ => Room::Plan,
    }
}

/// What a verdict is about.
#[derive(Debug, Clone, Copy)]
pub struct Facts {
    /// The bytes in use that count.
    pub used: i64,
    /// The bytes that the plan allows.
    pub allowed: i64,
    /// What the plan does about it.
    pub overuse: Overuse,
    /// Whether the tenant is suspended, for whatever reason.
    pub is_suspended: bool,
}

/// What was made of a tenant so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing {
    /// The warning that stands.
    pub level: Level,
    /// Since when it has been full.
    pub full_since: Option<DateTime<Utc>>,
    /// When it was suspended for that, if it still is.
    pub suspended_at: Option<DateTime<Utc>>,
}

/// What has to be done with the tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Act {
    /// The grace is over.
    Suspend,
    /// There is room again.
    Resume,
}

/// What is made of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What stands now.
    pub standing: Standing,
    /// A warning that has to be told.
    pub warning: Option<Level>,
    /// What has to be done.
    pub act: Option<Act>,
    /// When to judge again, even if nothing changes.
    pub look_at: Option<DateTime<Utc>>,
}

impl Standing {
    /// The verdict on the facts.
    pub fn judge(self, facts: &Facts, now: DateTime<Utc>) -> Verdict {
        let warns = facts.overuse.policy.warns();
        let level = if warns {
            self.level.next(facts.used, facts.allowed)
        } else {
            Level::Fine
        };
        // Staff who resume a tenant that is still over give it the whole grace anew.
        let was_pardoned = self.suspended_at.is_some() && !facts.is_suspended;
        let since = self.full_since.filter(|_| !was_pardoned).unwrap_or(now);
        let full_since = (level == Level::Full).then_some(since);
        let suspended_at = self.suspended_at.filter(|_| !was_pardoned);
        let end = full_since
            .filter(|_| facts.overuse.policy == Policy::Suspend)
            .map(|since| since + facts.overuse.grace());
        let act = match (suspended_at, end) {
            (Some(_), None) => Some(Act::Resume),
            (None, Some(end)) if end <= now && !facts.is_suspended => Some(Act::Suspend),
            _ => None,
        };
        Verdict {
            standing: Standing {
                level,
                full_since,
                suspended_at: match act {
                    Some(Act::Suspend) => Some(now),
                    Some(Act::Resume) => None,
                    None => suspended_at,
                },
            },
            warning: (level > self.level).then_some(level),
            act,
            look_at: end.filter(|end| suspended_at.is_none() && *end > now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn facts(policy: Policy, used: i64) -> Facts {
        Facts {
            used,
            allowed: 100,
            overuse: Overuse {
                policy,
                grace_days: 7,
            },
            is_suspended: false,
        }
    }

    fn at(days: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::days(20_000 + days)
    }

    #[test]
    fn the_table() {
        use Policy as P;
        for (policy, free, full, warns) in [
            (P::Block, Room::Plan, Room::Full, true),
            (P::Notify, Room::Plan, Room::Plan, true),
            (P::Suspend, Room::Plan, Room::Full, true),
            (P::Allow, Room::Beyond, Room::Beyond, false),
            (P::AllowAndNotify, Room::Beyond, Room::Beyond, true),
        ] {
            assert_eq!(room(policy, 99, 100), free, "{policy:?}");
            assert_eq!(room(policy, 100, 100), full, "{policy:?}");
            let verdict = Standing::default().judge(&facts(policy, 100), at(0));
            assert_eq!(verdict.warning.is_some(), warns, "{policy:?}");
            let later = verdict.standing.judge(&facts(policy, 100), at(8));
            assert_eq!(
                later.act,
                (policy == P::Suspend).then_some(Act::Suspend),
                "{policy:?}"
            );
            assert_eq!(P::parse(policy.name()), Some(policy));
        }
        assert_eq!(room(P::Block, 0, 0), Room::Plan);
    }

    #[test]
    fn suspension_comes_after_the_grace_and_ends_with_the_reason() {
        let begun = Standing::default().judge(&facts(Policy::Suspend, 130), at(0));
        assert_eq!((begun.act, begun.look_at), (None, Some(at(7))));
        let early = begun.standing.judge(&facts(Policy::Suspend, 130), at(6));
        assert_eq!((early.act, early.warning), (None, None));
        let due = early.standing.judge(&facts(Policy::Suspend, 130), at(7));
        assert_eq!((due.act, due.look_at), (Some(Act::Suspend), None));
        let suspended = Facts {
            is_suspended: true,
            ..facts(Policy::Suspend, 130)
        };
        assert_eq!(due.standing.judge(&suspended, at(8)).act, None);
        let room = Facts {
            used: 50,
            ..suspended
        };
        let over = due.standing.judge(&room, at(9));
        assert_eq!(
            (over.act, over.standing),
            (Some(Act::Resume), Standing::default())
        );
    }

    #[test]
    fn whom_staff_resume_gets_the_grace_anew_and_whom_others_suspended_stays_so() {
        let standing = Standing {
            level: Level::Full,
            full_since: Some(at(0)),
            suspended_at: Some(at(7)),
        };
        let pardoned = standing.judge(&facts(Policy::Suspend, 130), at(10));
        assert_eq!((pardoned.act, pardoned.look_at), (None, Some(at(17))));
        let foreign = Facts {
            is_suspended: true,
            ..facts(Policy::Suspend, 10)
        };
        assert_eq!(Standing::default().judge(&foreign, at(0)).act, None);
        let other_policy = Facts {
            is_suspended: true,
            ..facts(Policy::Notify, 130)
        };
        assert_eq!(standing.judge(&other_policy, at(8)).act, Some(Act::Resume));
    }

    proptest! {
        #[test]
        fn judging_twice_does_nothing_the_second_time(
            policy in prop::sample::select(Policy::ALL.to_vec()), used in 0_i64..300, day in 0_i64..30, was in 0_i64..300,
        ) {
            let before = Standing::default().judge(&facts(policy, was), at(0)).standing;
            let first = before.judge(&facts(policy, used), at(day));
            let after = Facts { is_suspended: first.act == Some(Act::Suspend), ..facts(policy, used) };
            let second = first.standing.judge(&after, at(day));
            prop_assert_eq!(second.standing, first.standing);
            prop_assert_eq!((second.warning, second.act), (None, None));
        }
    }
}
