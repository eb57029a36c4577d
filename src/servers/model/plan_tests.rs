//! Every plan from every state.

use std::fmt::Write as _;

use super::plan::{Desired, Installation, Present, Step, Wiring, plan};
use super::wish::{Goal, Seen};

pub(super) const NEW: &str = "new@2/2";
/// The same with other limits.
pub(super) const SMALL: &str = "new@1/1";
pub(super) const OLD: &str = "old";

fn steps(goal: Goal, seen: Seen, change: impl FnOnce(&mut Desired<'_>, &mut Present<'_>)) -> Vec<Step> {
    let mut desired = Desired {
        discard: false,
        goal,
        spec: Some(NEW),
        older: None,
        is_fresh: true,
        restart: false,
        install: Installation::Done,
        repair: false,
    };
    let mut present = Present {
        seen,
        spec: (seen != Seen::Absent).then_some(NEW),
        wiring: Wiring::default(),
    };
    change(&mut desired, &mut present);
    plan(&desired, &present)
}

fn words(steps: &[Step]) -> String {
    let words: Vec<_> = steps.iter().map(|step| step.word()).collect();
    words.join(" ")
}

#[test]
fn every_state_has_its_plan() {
    let mut table = String::new();
    for goal in [Goal::Run, Goal::Stop, Goal::Kill, Goal::Keep, Goal::Delete] {
        for seen in Seen::ALL {
            let same = steps(goal, *seen, |_, _| {});
            let old = steps(goal, *seen, |_, present| {
                present.spec = present.spec.map(|_| OLD);
            });
            let kept = steps(goal, *seen, |desired, present| {
                desired.is_fresh = false;
                present.spec = present.spec.map(|_| OLD);
            });
            let restart = steps(goal, *seen, |desired, _| desired.restart = true);
            let repair = steps(goal, *seen, |desired, _| desired.repair = true);
            let resized = steps(goal, *seen, |_, present| {
                present.spec = present.spec.map(|_| SMALL);
            });
            let resized_anew = steps(goal, *seen, |desired, present| {
                desired.restart = true;
                present.spec = present.spec.map(|_| SMALL);
            });
            let install = steps(goal, *seen, |desired, _| desired.install = Installation::Needed);
            let installing = steps(goal, *seen, |desired, _| desired.install = Installation::Running);
            let moved = steps(goal, *seen, |_, present| {
                present.wiring = Wiring {
                    is_special: true,
                    differs: true,
                };
            });
            let all = [
                ("as specified", same),
                ("in other networks", moved),
                ("outdated, asked for", old),
                ("outdated", kept),
                ("to be restarted", restart),
                ("after a failure", repair),
                ("of another size", resized),
                ("of another size, to be restarted", resized_anew),
                ("to be installed", install),
                ("being installed", installing),
            ];
            for (case, steps) in all {
                let _ = writeln!(table, "{goal:?}, {}, {case}: {}", seen.word(), words(&steps));
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn an_upgrade_restarts_nobody() {
    let plan = steps(Goal::Run, Seen::Running, |desired, present| {
        desired.is_fresh = false;
        present.spec = Some(OLD);
    });
    assert!(plan.is_empty());
}

#[test]
fn a_template_that_is_gone_stops_nothing_that_runs() {
    assert!(steps(Goal::Run, Seen::Running, |desired, _| desired.spec = None).is_empty());
    assert_eq!(
        steps(Goal::Run, Seen::Exited, |desired, _| desired.spec = None),
        [Step::Start]
    );
}

#[test]
fn what_takes_long_is_done_while_the_old_container_runs() {
    let plan = steps(Goal::Run, Seen::Running, |_, present| present.spec = Some(OLD));
    assert_eq!(words(&plan), "image network volumes stop ensure start");
}

#[test]
fn a_new_size_restarts_nobody_and_waits_to_be_asked_for() {
    let resized = |fresh: bool| {
        steps(Goal::Run, Seen::Running, move |desired, present| {
            desired.is_fresh = fresh;
            present.spec = Some(SMALL);
        })
    };
    assert_eq!(resized(true), [Step::Resize]);
    assert!(resized(false).is_empty());
}

#[test]
fn a_container_from_before_there_were_stamps_is_as_wanted_until_something_changes() {
    let older = |present: &'static str| {
        steps(Goal::Run, Seen::Running, move |desired, seen| {
            desired.older = Some(OLD);
            seen.spec = Some(present);
        })
    };
    assert!(older(OLD).is_empty());
    assert_eq!(words(&older("older")), "image network volumes stop ensure start");
}
