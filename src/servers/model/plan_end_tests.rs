//! Plans lead to their end however they are cut off.

use proptest::prelude::*;

use super::plan::{Desired, Installation, Present, Step, Wiring, plan};
use super::plan_tests::{NEW, OLD, SMALL};
use super::wish::{Goal, Seen};

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
    /// Whether its container should be in other networks than the one that it is made in, and is where it should be.
    is_special: bool,
    is_wired: bool,
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
            Step::Volumes | Step::Copy => self.volumes = true,
            Step::Install => {
                need(self.image && self.network && self.volumes && !self.seen.is_alive())?;
                self.install = Installation::Done;
            }
            Step::EndInstall => self.install = Installation::Needed,
            Step::Ensure => {
                need(self.image && self.network && self.volumes && self.seen != Seen::Dead)?;
                if self.seen == Seen::Absent || self.spec != Some(NEW) {
                    (self.seen, self.spec) = (Seen::Created, Some(NEW));
                    self.is_wired = !self.is_special;
                }
            }
            Step::Wire => self.is_wired = true,
            Step::Disk => {}
            Step::Resize => {
                need(self.seen != Seen::Absent && self.seen != Seen::Dead)?;
                if self.spec == Some(SMALL) {
                    self.spec = Some(NEW);
                }
            }
            Step::Start => {
                need(self.is_wired)?;
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
            Step::RemoveContainer | Step::Depart => (self.seen, self.spec) = (Seen::Absent, None),
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
            _ => {
                goal.is_met_by(self.seen) && (self.is_wired || matches!(self.seen, Seen::Absent | Seen::Dead))
            }
        }
    }
}

/// Plans and applies as the reconciler does; the n-th attempt is cut off after `cuts[n]` steps. Says how many attempts
/// it took.
fn converge(world: &mut World, goal: Goal, is_fresh: bool, restart: bool, cuts: &[usize]) -> Option<usize> {
    let mut repair = false;
    for attempt in 0..cuts.len() + 4 {
        let desired = Desired {
            discard: false,
            goal,
            spec: Some(NEW),
            older: None,
            // A wish that was reached is fresh no more.
            is_fresh: is_fresh && !(goal == Goal::Keep && world.is_put_away),
            restart: restart && !world.noted,
            install: world.install,
            repair,
        };
        let present = Present {
            seen: world.seen,
            spec: world.spec,
            wiring: Wiring {
                is_special: world.is_special,
                differs: !world.is_wired && !matches!(world.seen, Seen::Absent | Seen::Dead),
            },
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
        old in prop::sample::select(&[NEW, OLD, SMALL][..]), image: bool, network: bool, volumes: bool,
        is_special: bool, is_wired: bool,
        install in prop::sample::select(&[Installation::Done, Installation::Needed, Installation::Running][..]),
    ) -> World {
        let exists = seen != Seen::Absent;
        World {
            seen,
            spec: exists.then_some(old),
            image,
            network,
            volumes,
            noted: false,
            install,
            is_special,
            is_wired,
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
        let mut world = World { seen: Seen::Running, spec: Some(NEW), network: true, volumes: true, is_wired: true, ..world };
        prop_assert!(converge(&mut world, Goal::Run, true, true, &cuts).is_some());
        prop_assert_eq!(world.starts, 1);
        prop_assert!(world.noted);
    }

    #[test]
    fn what_is_as_wanted_is_left_alone(world in worlds(), restart in Just(false)) {
        let mut same = World { seen: Seen::Running, is_wired: true, ..world };
        prop_assert_eq!(converge(&mut same, Goal::Run, false, restart, &[]), Some(0));
        prop_assert_eq!(same.starts, 0);
    }
}
