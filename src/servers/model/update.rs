//! An update on trial: the image before is kept until the new container's check has succeeded, and comes back when it
//! fails. Pure.
//!
//! All of it follows from the row and what the engine says, so a panel that dies in between, or another one, decides the
//! same. Stopping a server on trial decides nothing: the trial goes on with its next start.

use chrono::{DateTime, Duration, Utc};

use super::{Condition, Goal, Observation, Seen, Server, Verdict};

/// How long a check may take to say anything. Longer than any that a template can ask for (`catalogue/parse/parts.rs`):
/// ten minutes to start, then twenty probes, one every five minutes, each given up after one. That is 130 minutes.
const LONGEST_TRIAL: Duration = Duration::minutes(150);
/// A step that failed so often in a row fails the update. The first failures may be the engine's.
const TRIES: i32 = 3;

/// What is known about a server's updates.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Update {
    /// The image before, while the present one is on trial.
    pub proven: Option<String>,
    /// The image that was taken back last, and why.
    pub failed: Option<FailedUpdate>,
    /// The wish that is to take an update back.
    pub rollback_generation: Option<i64>,
}

/// An update that was taken back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FailedUpdate {
    /// The image that it was to.
    pub image: String,
    /// Why it was taken back, to go on after "because".
    pub reason: String,
}

/// What an attempt says about an update on trial.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Trial {
    /// Nothing, or there is none.
    #[default]
    None,
    /// It runs, and its check has said nothing yet.
    Waits,
    /// The new image stays.
    Proven,
    /// The image before comes back, for this reason.
    Failed(String),
}

impl Server {
    /// Whether its present image has still to be proven.
    pub fn is_on_trial(&self) -> bool {
        self.update.proven.is_some()
    }

    /// Whether its present wish is to take an update back.
    pub fn is_rolling_back(&self) -> bool {
        self.update.rollback_generation == Some(self.generation)
    }

    /// Until when the check may take its time, if it has begun to.
    fn trial_ends_at(&self) -> Option<DateTime<Utc>> {
        self.notes.retry_at.filter(|_| self.notes.error.is_none())
    }

    /// Whether it was waiting for its check already.
    pub fn is_awaiting_check(&self) -> bool {
        self.is_on_trial() && self.trial_ends_at().is_some()
    }
}

/// Adds to a verdict what it means for an update on trial. `was_done` says that the attempt did all that it had to.
pub(super) fn try_update(
    server: &Server,
    seen: Option<&Observation>,
    verdict: Verdict,
    was_done: bool,
    now: DateTime<Utc>,
) -> Verdict {
    let (true, Goal::Run, Some(seen)) = (server.is_on_trial(), server.goal(), seen) else {
        return verdict;
    };
    if verdict.reached {
        return await_check(server, seen, verdict, now);
    }
    let has_ended = was_done && matches!(seen.seen, Seen::Restarting | Seen::Exited);
    match &verdict.error {
        Some(error) if verdict.failed_now && (has_ended || verdict.failures >= TRIES) => {
            give_up(error.clone(), now)
        }
        _ => verdict,
    }
}

fn await_check(server: &Server, seen: &Observation, verdict: Verdict, now: DateTime<Utc>) -> Verdict {
    if seen.restarts > 0 {
        return give_up("it ended by itself and had to be started again".to_owned(), now);
    }
    match (seen.health, server.trial_ends_at()) {
        (Condition::Healthy, _) => Verdict {
            trial: Trial::Proven,
            ..verdict
        },
        (Condition::Unhealthy, _) => give_up("its health check failed".to_owned(), now),
        (Condition::Starting | Condition::None, Some(end)) if end <= now => give_up(
            format!(
                "its health check said nothing for {} minutes",
                LONGEST_TRIAL.num_minutes()
            ),
            now,
        ),
        (Condition::Starting | Condition::None, end) => {
            let end = end.unwrap_or(now + LONGEST_TRIAL);
            Verdict {
                reached: false,
                retry_at: Some(end),
                next_attempt_at: Some(end),
                trial: Trial::Waits,
                ..verdict
            }
        }
    }
}

fn give_up(reason: String, now: DateTime<Utc>) -> Verdict {
    Verdict {
        reached: false,
        error: None,
        failures: 0,
        retry_at: None,
        next_attempt_at: Some(now),
        failed_now: false,
        gives_up: false,
        trial: Trial::Failed(reason),
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::server;
    use super::super::{Attempt, Power, judge};
    use super::*;

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn on_trial() -> Server {
        let mut server = server();
        server.generation = 2;
        server.update.proven = Some("berth/static-site:before".to_owned());
        server
    }

    fn running(health: Condition) -> Observation {
        Observation {
            seen: Seen::Running,
            health,
            ..Observation::default()
        }
    }

    fn trial(server: &Server, seen: &Observation) -> Trial {
        judge(server, Some(seen), Attempt::Done, now()).trial
    }

    fn failed(reason: &str) -> Trial {
        Trial::Failed(reason.to_owned())
    }

    #[test]
    fn the_check_decides() {
        assert_eq!(trial(&on_trial(), &running(Condition::Healthy)), Trial::Proven);
        assert_eq!(
            trial(&on_trial(), &running(Condition::Unhealthy)),
            failed("its health check failed")
        );
        let verdict = judge(
            &on_trial(),
            Some(&running(Condition::Starting)),
            Attempt::Done,
            now(),
        );
        assert_eq!((verdict.reached, &verdict.trial), (false, &Trial::Waits));
        assert_eq!(verdict.next_attempt_at, Some(now() + LONGEST_TRIAL));
    }

    #[test]
    fn a_check_that_says_nothing_is_not_waited_for_for_ever() {
        let mut server = on_trial();
        server.notes.retry_at = Some(now() + Duration::minutes(1));
        let verdict = judge(&server, Some(&running(Condition::Starting)), Attempt::Done, now());
        assert_eq!(
            verdict.next_attempt_at, server.notes.retry_at,
            "a look does not put the end off"
        );
        server.notes.retry_at = Some(now());
        assert_eq!(
            trial(&server, &running(Condition::Starting)),
            failed("its health check said nothing for 150 minutes")
        );
    }

    #[test]
    fn a_process_that_ends_fails_the_update_at_once() {
        let restarting = Observation {
            seen: Seen::Restarting,
            restarts: 1,
            ..Observation::default()
        };
        assert!(matches!(trial(&on_trial(), &restarting), Trial::Failed(_)));
        let again = Observation {
            restarts: 1,
            ..running(Condition::Healthy)
        };
        assert!(matches!(trial(&on_trial(), &again), Trial::Failed(_)));
        let exited = Observation {
            seen: Seen::Exited,
            exit_code: Some(1),
            ..Observation::default()
        };
        assert_eq!(
            trial(&on_trial(), &exited),
            failed("it stopped by itself (exit code 1)")
        );
    }

    #[test]
    fn a_step_may_fail_twice_and_not_a_third_time() {
        let mut server = on_trial();
        let mut attempt = || {
            let seen = running(Condition::Healthy);
            let verdict = judge(
                &server,
                Some(&seen),
                Attempt::Failed("no image".to_owned()),
                now(),
            );
            server.notes.failures = verdict.failures;
            server.notes.error.clone_from(&verdict.error);
            verdict.trial
        };
        assert_eq!([attempt(), attempt()], [Trial::None, Trial::None]);
        assert_eq!(attempt(), failed("no image"));
    }

    #[test]
    fn stopping_decides_nothing_and_a_server_without_an_update_is_not_on_trial() {
        let mut stopped = on_trial();
        stopped.power = Power::Stopped;
        let verdict = judge(&stopped, Some(&Observation::default()), Attempt::Done, now());
        assert_eq!((verdict.reached, verdict.trial), (true, Trial::None));
        assert_eq!(trial(&server(), &running(Condition::Unhealthy)), Trial::None);
    }
}
