//! Whether a throw-away server works, by what the engine says of it.

use std::time::Duration;

use crate::drivers::engine::{Health, HealthCheck, Observed, ObservedState};

/// One without a check works if it runs for so long.
const WITHOUT_CHECK: Duration = Duration::from_secs(10);
/// However patient a check is.
const LONGEST: Duration = Duration::from_mins(15);
/// Data that was restored may have to be recovered first.
const MARGIN: Duration = Duration::from_mins(2);

/// What is known so far.
#[derive(Debug, Clone, Copy)]
pub struct Watched<'a> {
    /// What the engine says.
    pub observed: &'a Observed,
    /// The template's check, if it has one.
    pub check: Option<&'a HealthCheck>,
    /// For how long it has been running.
    pub running_for: Duration,
}

/// What that means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It works.
    Works,
    /// It is too early to say.
    Wait,
    /// It does not, for this reason.
    Fails(String),
}

/// For how long it is watched at most.
pub fn longest(check: Option<&HealthCheck>) -> Duration {
    let Some(check) = check else {
        return WITHOUT_CHECK + MARGIN;
    };
    let rounds = (check.interval + check.timeout) * (check.retries + 1);
    LONGEST.min(check.start_period + rounds + MARGIN)
}

/// Judges it.
pub fn verdict(watched: Watched<'_>) -> Verdict {
    let Watched {
        observed,
        check,
        running_for,
    } = watched;
    match &observed.state {
        ObservedState::Exited { oom_killed: true, .. } => {
            Verdict::Fails("the restored server ran out of memory".to_owned())
        }
        ObservedState::Exited { exit_code, .. } => Verdict::Fails(format!(
            "the restored server ended by itself with code {exit_code}"
        )),
        ObservedState::Restarting => {
            Verdict::Fails("the restored server ended by itself as soon as it had begun".to_owned())
        }
        ObservedState::Gone => Verdict::Fails("the restored server was removed by somebody".to_owned()),
        _ if observed.restart_count > 0 => {
            Verdict::Fails("the restored server ended by itself and had to be started again".to_owned())
        }
        ObservedState::Running => match (observed.health, check) {
            (Health::Healthy, _) => Verdict::Works,
            (Health::Unhealthy, _) => Verdict::Fails(match &observed.complaint {
                Some(complaint) => format!("the restored server's check fails: {complaint}"),
                None => "the restored server's check fails".to_owned(),
            }),
            (_, None) if running_for >= WITHOUT_CHECK => Verdict::Works,
            (_, Some(check)) if running_for >= longest(Some(check)) => {
                Verdict::Fails("the restored server's check did not succeed in time".to_owned())
            }
            _ => Verdict::Wait,
        },
        _ if running_for >= longest(check) => {
            Verdict::Fails("the restored server did not come up in time".to_owned())
        }
        _ => Verdict::Wait,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::drivers::engine::{HealthTest, ServerKey};

    fn check() -> HealthCheck {
        HealthCheck {
            test: HealthTest::Exec(vec!["true".to_owned()]),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(3),
            retries: 3,
            start_period: Duration::from_secs(30),
        }
    }

    fn look(state: ObservedState, health: Health) -> Observed {
        Observed {
            state,
            health,
            ..Observed::gone(ServerKey::new("drl_1").unwrap())
        }
    }

    fn judge(observed: &Observed, check: Option<&HealthCheck>, seconds: u64) -> Verdict {
        verdict(Watched {
            observed,
            check,
            running_for: Duration::from_secs(seconds),
        })
    }

    fn fails(verdict: &Verdict) -> bool {
        matches!(verdict, Verdict::Fails(_))
    }

    #[test]
    fn a_check_that_succeeds_is_the_proof() {
        let check = check();
        let starting = look(ObservedState::Running, Health::Starting);
        assert_eq!(judge(&starting, Some(&check), 1), Verdict::Wait);
        let healthy = look(ObservedState::Running, Health::Healthy);
        assert_eq!(judge(&healthy, Some(&check), 1), Verdict::Works);
        let unhealthy = look(ObservedState::Running, Health::Unhealthy);
        assert!(fails(&judge(&unhealthy, Some(&check), 1)));
        assert!(fails(&judge(&starting, Some(&check), 3600)));
    }

    #[test]
    fn without_a_check_it_has_to_stay_up() {
        let up = look(ObservedState::Running, Health::None);
        assert_eq!(judge(&up, None, 9), Verdict::Wait);
        assert_eq!(judge(&up, None, 10), Verdict::Works);
        let again = Observed {
            restart_count: 1,
            ..up
        };
        assert!(fails(&judge(&again, None, 10)));
    }

    #[test]
    fn one_that_ends_does_not_work() {
        let ended = ObservedState::Exited {
            exit_code: 1,
            oom_killed: false,
        };
        for state in [ended, ObservedState::Restarting, ObservedState::Gone] {
            assert!(fails(&judge(&look(state, Health::None), None, 1)));
        }
    }
}
