//! What an attempt to bring a server to its goal came to, and what follows. Pure.

use chrono::{DateTime, Duration, Utc};

use super::backoff::{GIVE_UP_AFTER, SETTLED_AFTER, next_try};
use super::update::try_update;
use super::{Goal, Observation, Seen, Server, Trial, ending};

/// While the engine is away nothing is claimed; this is only for when it comes back before anybody noticed.
const ENGINE_RETRY: Duration = Duration::seconds(1);

/// Who waits for another server is woken by it; this is only for when that got lost.
const LOOK_AGAIN: Duration = Duration::seconds(5);

/// How an attempt went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Attempt {
    /// There was nothing to do, or all of it was done.
    Done,
    /// There is something to do, but not before the next try.
    Held,
    /// A new wish came in between.
    Overtaken,
    /// A step failed, in words for the page.
    Failed(String),
    /// Something in the way was put aside: try again at once.
    Cleared(String),
    /// The engine does not answer.
    EngineAway,
    /// Another server has to do something first.
    Waits,
    /// It failed, in words for the page, and trying again would not help.
    Over(String),
}

/// What follows for the row and the operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The server is as its wish says.
    pub reached: bool,
    /// What stands in the way.
    pub error: Option<String>,
    /// How many attempts failed in a row.
    pub failures: i32,
    /// Nothing is done before.
    pub retry_at: Option<DateTime<Utc>>,
    /// When to look again; none to wait until woken.
    pub next_attempt_at: Option<DateTime<Utc>>,
    /// This attempt failed.
    pub failed_now: bool,
    /// Its operations end as failed.
    pub gives_up: bool,
    /// What it means for an update on trial.
    pub trial: Trial,
}

impl Verdict {
    fn as_before(server: &Server, next_attempt_at: Option<DateTime<Utc>>) -> Self {
        Self {
            reached: false,
            error: server.notes.error.clone(),
            failures: server.notes.failures,
            retry_at: server.notes.retry_at,
            next_attempt_at,
            failed_now: false,
            gives_up: false,
            trial: Trial::None,
        }
    }

    fn failed(server: &Server, error: String, retry_at: DateTime<Utc>) -> Self {
        let failures = server.notes.failures.saturating_add(1);
        Self {
            reached: false,
            error: Some(error),
            failures,
            retry_at: Some(retry_at),
            next_attempt_at: Some(retry_at),
            failed_now: true,
            gives_up: failures >= GIVE_UP_AFTER,
            trial: Trial::None,
        }
    }
}

impl Server {
    /// Whether effects have to wait for the next try. Only attempts to run are held back: what should end, ends.
    pub fn is_held(&self, now: DateTime<Utc>) -> bool {
        let waits = self.notes.retry_at.is_some_and(|at| at > now);
        self.goal() == Goal::Run && self.notes.error.is_some() && waits
    }

    /// How the server's process ended, if `seen` shows that it did so by itself while it should run.
    pub fn death(&self, seen: &Observation) -> Option<String> {
        let should_run = self.goal() == Goal::Run && !self.is_pending();
        let died = self.observed.seen.is_alive() && !seen.seen.is_alive();
        // A step that was noted and not finished may have ended it.
        (should_run && died && self.notes.step.is_none()).then(|| death_of(seen))
    }
}

fn death_of(seen: &Observation) -> String {
    match seen.seen {
        Seen::Exited => format!(
            "it stopped by itself ({})",
            ending(seen.exit_code, seen.out_of_memory)
        ),
        Seen::Absent => "its container was removed by somebody else".to_owned(),
        _ => "its container was replaced by somebody else".to_owned(),
    }
}

/// What follows from an attempt on `server` that ended with `seen`.
pub fn judge(server: &Server, seen: Option<&Observation>, attempt: Attempt, now: DateTime<Utc>) -> Verdict {
    let was_done = attempt == Attempt::Done;
    let verdict = follow(server, seen, attempt, now);
    try_update(server, seen, verdict, was_done, now)
}

fn follow(server: &Server, seen: Option<&Observation>, attempt: Attempt, now: DateTime<Utc>) -> Verdict {
    match (attempt, seen) {
        (Attempt::Waits, _) => Verdict::as_before(server, Some(now + LOOK_AGAIN)),
        (Attempt::Over(error), _) => over(server, error, now),
        (Attempt::Held, _) => Verdict::as_before(server, server.notes.retry_at),
        (Attempt::EngineAway, _) | (_, None) => Verdict::as_before(server, Some(now + ENGINE_RETRY)),
        // The row has the new wish's notes already; it is due at once.
        (Attempt::Overtaken, _) => Verdict::as_before(server, Some(now)),
        (Attempt::Cleared(what), _) => Verdict::failed(server, what, now),
        (Attempt::Failed(error), _) => fail(server, error, now),
        (Attempt::Done, Some(seen)) => done(server, seen, now),
    }
}

/// Its operations end now, and nobody tries again before somebody asks.
fn over(server: &Server, error: String, now: DateTime<Utc>) -> Verdict {
    Verdict {
        retry_at: None,
        next_attempt_at: None,
        gives_up: true,
        ..Verdict::failed(server, error, now)
    }
}

fn fail(server: &Server, error: String, now: DateTime<Utc>) -> Verdict {
    let failures = server.notes.failures.saturating_add(1);
    Verdict::failed(server, error, next_try(failures, server.id, now))
}

fn done(server: &Server, seen: &Observation, now: DateTime<Utc>) -> Verdict {
    let goal = server.goal();
    if goal.is_met_by(seen.seen) {
        return settle(server, goal, now);
    }
    let error = match seen.seen {
        Seen::Unknown => "the engine can't describe its container".to_owned(),
        Seen::Restarting => format!(
            "it keeps ending by itself; the engine started it again {} times",
            seen.restarts
        ),
        Seen::Running | Seen::Paused => "its process did not end".to_owned(),
        _ if goal == Goal::Keep => "its container was not removed".to_owned(),
        Seen::Exited => death_of(seen),
        Seen::Absent | Seen::Created | Seen::Dead => "its container did not start".to_owned(),
    };
    fail(server, error, now)
}

/// It is as wanted. One that failed before is watched for a while: if it ends again soon, its next try comes later than
/// the one before.
fn settle(server: &Server, goal: Goal, now: DateTime<Utc>) -> Verdict {
    // What is kept is looked at again when it is to be erased.
    let next_attempt_at = server.kept_until().filter(|_| goal == Goal::Keep);
    let reached = Verdict {
        reached: true,
        error: None,
        failures: 0,
        retry_at: None,
        next_attempt_at,
        failed_now: false,
        gives_up: false,
        trial: Trial::None,
    };
    let notes = &server.notes;
    let settles_at = match (&notes.error, notes.retry_at) {
        _ if goal != Goal::Run || notes.failures == 0 => return reached,
        (None, Some(at)) if at <= now => return reached,
        (None, Some(at)) => at,
        _ => now + SETTLED_AFTER,
    };
    Verdict {
        failures: notes.failures,
        retry_at: Some(settles_at),
        next_attempt_at: Some(settles_at),
        ..reached
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::server;
    use super::super::{Power, Step};
    use super::*;

    fn look(seen: Seen) -> Observation {
        Observation {
            seen,
            ..Observation::default()
        }
    }

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    /// Writes a verdict on the server, as the store does.
    fn take(server: &mut Server, verdict: &Verdict, seen: &Observation) {
        server.observed = seen.clone();
        server.notes.error.clone_from(&verdict.error);
        server.notes.failures = verdict.failures;
        server.notes.retry_at = verdict.retry_at;
    }

    #[test]
    fn waits_double_and_operations_give_up_while_tries_go_on() {
        let mut server = server();
        let mut given_up_at = None;
        let mut waits = Vec::new();
        for attempt in 1..=10 {
            let verdict = judge(
                &server,
                Some(&look(Seen::Absent)),
                Attempt::Failed("image missing".to_owned()),
                now(),
            );
            waits.push((verdict.next_attempt_at.unwrap() - now()).num_seconds());
            given_up_at = given_up_at.or(verdict.gives_up.then_some(attempt));
            take(&mut server, &verdict, &look(Seen::Absent));
        }
        assert_eq!(waits, [1, 2, 4, 8, 16, 32, 64, 128, 256, 300]);
        assert_eq!(given_up_at, Some(GIVE_UP_AFTER));
    }

    #[test]
    fn one_that_ends_again_soon_waits_longer_and_one_that_lasts_is_trusted() {
        let (mut server, running, ended) = (server(), look(Seen::Running), look(Seen::Exited));
        let died =
            |server: &Server, at| judge(server, Some(&ended), Attempt::Failed("it stopped".to_owned()), at);
        let first = died(&server, now());
        take(&mut server, &first, &ended);
        assert!(server.is_held(now()) && !server.is_held(now() + Duration::seconds(2)));

        let back = judge(&server, Some(&running), Attempt::Done, now());
        assert!(back.reached && back.error.is_none());
        assert_eq!(back.next_attempt_at, Some(now() + SETTLED_AFTER));
        take(&mut server, &back, &running);
        assert!(!server.is_held(now()), "what runs is not held");

        let mut lasting = server.clone();
        let again = died(&server, now() + Duration::seconds(30));
        assert_eq!(again.failures, 2);

        let later = judge(&lasting, Some(&running), Attempt::Done, now() + SETTLED_AFTER);
        assert_eq!((later.failures, later.next_attempt_at), (0, None));
        take(&mut lasting, &later, &running);
        assert_eq!(died(&lasting, now()).failures, 1);
    }

    #[test]
    fn an_engine_that_is_away_counts_for_nothing() {
        let verdict = judge(&server(), None, Attempt::EngineAway, now());
        assert_eq!((verdict.failures, verdict.failed_now), (0, false));
        assert!(verdict.next_attempt_at.is_some());
    }

    #[test]
    fn what_should_end_is_not_held_back() {
        let mut server = server();
        server.notes.error = Some("image missing".to_owned());
        server.notes.retry_at = Some(now() + Duration::minutes(1));
        assert!(server.is_held(now()));
        server.is_tenant_active = false;
        assert!(!server.is_held(now()));
    }

    #[test]
    fn only_an_end_that_nobody_asked_for_is_a_death() {
        let mut server = server();
        server.observed = look(Seen::Running);
        let ended = Observation {
            exit_code: Some(137),
            out_of_memory: true,
            ..look(Seen::Exited)
        };
        assert_eq!(
            server.death(&ended).as_deref(),
            Some("it stopped by itself (exit code 137 (signal 9), out of memory)")
        );
        assert!(
            server
                .death(&look(Seen::Absent))
                .unwrap()
                .contains("removed by somebody else")
        );
        let mut stopping = server.clone();
        stopping.notes.step = Some(Step::Stop);
        assert_eq!(stopping.death(&ended), None);
        let mut asked = server.clone();
        asked.generation += 1;
        assert_eq!(asked.death(&ended), None);
        server.power = Power::Stopped;
        assert_eq!(server.death(&ended), None);
    }

    #[test]
    fn a_server_that_the_engine_keeps_restarting_is_not_as_wanted() {
        let seen = Observation {
            restarts: 7,
            ..look(Seen::Restarting)
        };
        let verdict = judge(&server(), Some(&seen), Attempt::Done, now());
        assert!(!verdict.reached);
        assert!(verdict.error.unwrap().contains("7 times"));
    }
}
