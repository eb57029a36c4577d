//! Every plan from every state, and that plans lead to their end however they are cut off.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::plan::{Desired, Installation, Present, Step, plan};
use super::wish::{Goal, Seen};

const NEW: &str = "new";
const OLD: &str = "old";

fn steps(goal: Goal, seen: Seen, change: impl FnOnce(&mut Desired<'_>, &mut Present<'_>)) -> Vec<Step> {
    let mut desired = Desired {
        goal,
        spec: Some(NEW),
        is_fresh: true,
        restart: false,
        install: Installation::Done,
        repair: false,
    };
    let mut present = Present {
        seen,
        spec: (seen != Seen::Absent).then_some(NEW),
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
            let install = steps(goal, *seen, |desired, _| desired.install = Installation::Needed);
            let installing = steps(goal, *seen, |desired, _| desired.install = Installation::Running);
            let all = [
                ("as specified", same),
                ("outdated, asked for", old),
                ("outdated", kept),
                ("to be restarted", restart),
                ("after a failure", repair),
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

/// A small engine: what a step needs, and what it leaves.
#[derive(Debug, Clone)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a thing that is there or not"
)]
struct World {
    seen: Seen,
    spec: Option<&'static str>,
    image: bool,
    network: bool,
    volumes: bool,
    noted: bool,
    install: Installation,
    starts: u32,
    ports: bool,
    is_put_away: bool,
    is_forgotten: bool,
}

impl World {
    fn apply(&mut self, step: Step) -> Result<(), ()> {
        let need = |there: bool| if there { Ok(()) } else { Err(()) };
        match step {
            Step::Image => self.image = true,
            Step::Network => self.network = true,
            Step::Volumes => self.volumes = true,
            Step::Install => {
                need(self.image && self.network && self.volumes && !self.seen.is_alive())?;
                self.install = Installation::Done;
            }
            Step::EndInstall => self.install = Installation::Needed,
            Step::Ensure => {
                need(self.image && self.network && self.volumes && self.seen != Seen::Dead)?;
                if self.seen == Seen::Absent || self.spec != Some(NEW) {
                    (self.seen, self.spec) = (Seen::Created, Some(NEW));
                }
            }
            Step::Start => {
                need(self.network && self.volumes && self.seen != Seen::Absent && self.seen != Seen::Dead)?;
                self.starts += u32::from(self.seen != Seen::Running);
                self.seen = Seen::Running;
            }
            Step::Stop | Step::Kill => {
                if self.seen.is_alive() {
                    self.seen = Seen::Exited;
                }
            }
            Step::NoteRestart => self.noted = true,
            Step::RemoveContainer => (self.seen, self.spec) = (Seen::Absent, None),
            Step::ReleasePorts => {
                need(self.seen == Seen::Absent)?;
                self.ports = false;
            }
            Step::RemoveVolumes => {
                need(self.seen == Seen::Absent)?;
                self.volumes = false;
            }
            Step::RemoveNetwork => {
                self.network = false;
                self.is_put_away = !self.ports;
            }
            Step::Forget => {
                need(self.seen == Seen::Absent && !self.volumes)?;
                self.is_forgotten = true;
            }
        }
        Ok(())
    }

    fn is_as_wanted(&self, goal: Goal) -> bool {
        match goal {
            Goal::Delete => self.is_forgotten,
            _ => goal.is_met_by(self.seen),
        }
    }
}

/// Plans and applies as the reconciler does; the n-th attempt is cut off after `cuts[n]` steps. Says how many attempts
/// it took.
fn converge(world: &mut World, goal: Goal, is_fresh: bool, restart: bool, cuts: &[usize]) -> Option<usize> {
    let mut repair = false;
    for attempt in 0..cuts.len() + 4 {
        let desired = Desired {
            goal,
            spec: Some(NEW),
            // A wish that was reached is fresh no more.
            is_fresh: is_fresh && !(goal == Goal::Keep && world.is_put_away),
            restart: restart && !world.noted,
            install: world.install,
            repair,
        };
        let present = Present {
            seen: world.seen,
            spec: world.spec,
        };
        let steps = plan(&desired, &present);
        let rest = if world.seen == Seen::Restarting {
            &[]
        } else {
            &steps[..]
        };
        if goal != Goal::Delete && rest.is_empty() && (world.is_as_wanted(goal) || steps.is_empty()) {
            return Some(attempt);
        }
        let length = cuts
            .get(attempt)
            .map_or(steps.len(), |cut| (*cut).min(steps.len()));
        repair = steps[..length].iter().any(|step| world.apply(*step).is_err());
        if world.is_forgotten {
            return Some(attempt);
        }
    }
    None
}

prop_compose! {
    fn worlds()(
        seen in prop::sample::select(Seen::ALL).prop_filter("nothing is planned for what can't be seen", |seen| {
            !matches!(seen, Seen::Unknown | Seen::Restarting)
        }),
        is_old: bool, image: bool, network: bool, volumes: bool,
        install in prop::sample::select(&[Installation::Done, Installation::Needed, Installation::Running][..]),
    ) -> World {
        let exists = seen != Seen::Absent;
        World {
            seen,
            spec: exists.then_some(if is_old { OLD } else { NEW }),
            image,
            network,
            volumes,
            noted: false,
            install,
            starts: 0,
            ports: true,
            is_put_away: false,
            is_forgotten: false,
        }
    }
}

proptest! {
    #[test]
    fn plans_lead_to_their_end_however_they_are_cut_off(
        world in worlds(),
        goal in prop::sample::select(&[Goal::Run, Goal::Stop, Goal::Kill, Goal::Keep, Goal::Delete][..]),
        is_fresh: bool, restart: bool,
        cuts in prop::collection::vec(0..7_usize, 0..6),
    ) {
        let mut world = world;
        let had_volumes = world.volumes;
        prop_assert!(converge(&mut world, goal, is_fresh, restart, &cuts).is_some(), "{world:?}");
        prop_assert!(world.is_as_wanted(goal), "{world:?}");
        if goal == Goal::Keep {
            prop_assert_eq!(world.volumes, had_volumes, "what is kept keeps its data");
            prop_assert!(!is_fresh || !world.ports && !world.network, "{:?}", world);
        }
        // Again from the end: nothing is left to do.
        if goal != Goal::Delete {
            let starts = world.starts;
            prop_assert_eq!(converge(&mut world, goal, is_fresh, restart, &[]), Some(0));
            prop_assert_eq!(world.starts, starts);
        }
    }

    #[test]
    fn a_restart_is_done_once(
        world in worlds(), cuts in prop::collection::vec(0..7_usize, 0..6),
    ) {
        let mut world = World { seen: Seen::Running, spec: Some(NEW), network: true, volumes: true, ..world };
        prop_assert!(converge(&mut world, Goal::Run, true, true, &cuts).is_some());
        prop_assert_eq!(world.starts, 1);
        prop_assert!(world.noted);
    }

    #[test]
    fn what_is_as_wanted_is_left_alone(world in worlds(), restart in Just(false)) {
        let mut same = World { seen: Seen::Running, ..world };
        prop_assert_eq!(converge(&mut same, Goal::Run, false, restart, &[]), Some(0));
        prop_assert_eq!(same.starts, 0);
    }
}
