//! Where a server comes from, if it was not made empty and where it is: a copy of another server, or another tenant's before.
//! Pure.

use chrono::{DateTime, Utc};

use crate::platform::ids::ServerId;

use super::plan::{Desired, Present, Step, plan};
use super::{DiskChange, Goal, Seen};

/// What has to happen before a server can be brought to its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Before {
    /// Its container may still be in the network of the tenant whose it was.
    pub departs: bool,
    /// Its data has yet to be copied from another server.
    pub copies: bool,
    /// Its disk has another size than its volumes.
    pub disk: Option<DiskChange>,
}

/// The steps to the goal, after what has to happen before. Nothing is ever made on data that is not all there, and nothing
/// goes on in a network of somebody else.
pub fn plan_from(before: Before, desired: &Desired<'_>, present: &Present<'_>) -> Vec<Step> {
    let stays = !matches!(desired.goal, Goal::Keep | Goal::Delete);
    let mut first = Vec::new();
    let mut present = *present;
    if before.departs {
        first.push(Step::Depart);
        present = Present {
            seen: Seen::Absent,
            spec: None,
            ..present
        };
    }
    if before.copies && stays {
        first.push(Step::Copy);
    }
    let disk = before.disk.filter(|_| stays);
    first.extend((disk == Some(DiskChange::Grow)).then_some(Step::Disk));
    first.extend(plan(desired, &present));
    first.extend((disk == Some(DiskChange::Shrink)).then_some(Step::Disk));
    first
}

/// A server's data on its way from another.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Copying {
    /// Where from.
    pub source: ServerId,
    /// What that was called.
    pub source_name: String,
    /// How far it is.
    pub state: CopyState,
    /// The source goes on running meanwhile.
    pub is_live: bool,
    /// Bytes in all, about; nothing before they were counted.
    pub total: Option<u64>,
    /// Bytes that are there, about.
    pub done: u64,
    /// When it was asked for.
    pub since: DateTime<Utc>,
}

/// How far a copy is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CopyState {
    /// It waits or is under way.
    Open,
    /// All of it is there.
    Done,
    /// It is not, for this reason.
    Failed(String),
}

impl Copying {
    /// Whether it waits or is under way.
    pub fn is_open(&self) -> bool {
        self.state == CopyState::Open
    }

    /// Why it failed, if it did.
    pub fn failure(&self) -> Option<&str> {
        match &self.state {
            CopyState::Failed(error) => Some(error),
            CopyState::Open | CopyState::Done => None,
        }
    }

    /// How much is there, in hundredths; nothing is a whole before it is done.
    pub fn percent(&self) -> u64 {
        match self.total {
            Some(total) if total > 0 => (self.done.saturating_mul(100) / total).min(99),
            _ => 0,
        }
    }

    /// `1.2 GiB of 3.4 GiB copied`.
    pub fn progress(&self) -> String {
        match self.total {
            None => "Counting what there is to copy".to_owned(),
            Some(total) => format!("{} of {} copied", amount(self.done.min(total)), amount(total)),
        }
    }
}

/// An amount of data, to one digit behind the point.
fn amount(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = bytes.saturating_mul(10) / 1024;
    let mut unit = 0;
    while tenths >= 10_240 && unit + 1 < UNITS.len() {
        tenths /= 1024;
        unit += 1;
    }
    format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit])
}

#[cfg(test)]
mod tests {
    use super::super::{Installation, Wiring};
    use super::*;

    fn desired(goal: Goal) -> Desired<'static> {
        Desired {
            discard: false,
            goal,
            spec: Some("one"),
            older: None,
            is_fresh: true,
            restart: false,
            install: Installation::Done,
            repair: false,
        }
    }

    fn present(seen: Seen) -> Present<'static> {
        Present {
            seen,
            spec: Some("one"),
            wiring: Wiring::default(),
        }
    }

    fn steps(before: Before, goal: Goal, seen: Seen) -> Vec<Step> {
        plan_from(before, &desired(goal), &present(seen))
    }

    const COPIES: Before = Before {
        departs: false,
        copies: true,
        disk: None,
    };
    const DEPARTS: Before = Before {
        departs: true,
        copies: false,
        disk: None,
    };

    #[test]
    fn nothing_starts_before_its_data_is_there() {
        for goal in [Goal::Run, Goal::Stop, Goal::Kill] {
            assert_eq!(steps(COPIES, goal, Seen::Absent)[0], Step::Copy, "{goal:?}");
        }
        assert_eq!(steps(COPIES, Goal::Run, Seen::Absent).last(), Some(&Step::Start));
        assert_eq!(steps(COPIES, Goal::Stop, Seen::Absent), [Step::Copy]);
    }

    #[test]
    fn who_is_on_the_way_out_needs_no_data() {
        for goal in [Goal::Keep, Goal::Delete] {
            assert!(!steps(COPIES, goal, Seen::Absent).contains(&Step::Copy));
        }
    }

    #[test]
    fn who_has_moved_is_made_anew_whatever_it_was_made_from() {
        let run = steps(DEPARTS, Goal::Run, Seen::Running);
        assert_eq!(run[0], Step::Depart);
        assert!(
            run.contains(&Step::Ensure) && run.ends_with(&[Step::Start]),
            "{run:?}"
        );
        assert_eq!(steps(DEPARTS, Goal::Stop, Seen::Exited), [Step::Depart]);
        assert_eq!(steps(DEPARTS, Goal::Stop, Seen::Running), [Step::Depart]);
        assert_eq!(steps(DEPARTS, Goal::Keep, Seen::Running)[0], Step::Depart);
    }

    #[test]
    fn a_disk_grows_before_the_rest_and_shrinks_after_it() {
        let resizes = |disk| Before {
            disk: Some(disk),
            ..Before::default()
        };
        for (goal, seen) in [
            (Goal::Run, Seen::Running),
            (Goal::Run, Seen::Exited),
            (Goal::Stop, Seen::Running),
        ] {
            let usual = steps(Before::default(), goal, seen);
            let grown = steps(resizes(DiskChange::Grow), goal, seen);
            assert_eq!(grown, [&[Step::Disk], usual.as_slice()].concat());
            let shrunk = steps(resizes(DiskChange::Shrink), goal, seen);
            assert_eq!(shrunk, [usual.as_slice(), &[Step::Disk]].concat());
        }
        for goal in [Goal::Keep, Goal::Delete] {
            let usual = steps(Before::default(), goal, Seen::Absent);
            assert_eq!(steps(resizes(DiskChange::Grow), goal, Seen::Absent), usual);
        }
    }

    #[test]
    fn who_comes_from_nowhere_has_the_usual_plan() {
        for goal in [Goal::Run, Goal::Stop, Goal::Keep, Goal::Delete] {
            for seen in Seen::ALL {
                let usual = plan(&desired(goal), &present(*seen));
                assert_eq!(steps(Before::default(), goal, *seen), usual);
            }
        }
    }

    #[test]
    fn progress_is_told_in_amounts_that_people_read() {
        let mut copying = Copying {
            source: ServerId(uuid::Uuid::nil()),
            source_name: "web".to_owned(),
            state: CopyState::Open,
            is_live: false,
            total: None,
            done: 0,
            since: DateTime::<Utc>::UNIX_EPOCH,
        };
        assert_eq!(copying.progress(), "Counting what there is to copy");
        (copying.total, copying.done) = (Some(3 << 30), 3 << 19);
        assert_eq!(copying.progress(), "1.5 MiB of 3.0 GiB copied");
        copying.done = 4 << 30;
        assert_eq!(copying.progress(), "3.0 GiB of 3.0 GiB copied");
        assert_eq!(copying.percent(), 99, "it is not over before it is over");
        (copying.total, copying.done) = (Some(0), 0);
        assert_eq!(
            (copying.percent(), copying.progress()),
            (0, "0.0 KiB of 0.0 KiB copied".to_owned())
        );
    }
}
