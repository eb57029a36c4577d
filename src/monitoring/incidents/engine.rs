//! What engines say of servers, as signals. Pure.
//!
//! A server fails if it should run and does not, because its process ended by itself; if Berth stopped it for ending too often; or
//! if its own check fails. One that somebody stopped, suspended or deleted does not fail, and of one to which something is being
//! done nothing is said. The engine starts what ended again at once, so a single end from which a server comes back is none.

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use crate::servers::model::{Condition, Goal, Seen, ending};
use crate::servers::{EngineCondition, ServerCondition};

use super::model::{Signal, Signature, location_cause, server_cause};

/// What runs for so long has come back.
pub const STEADY: TimeDelta = TimeDelta::seconds(10);

/// An engine that answers again within so long was only started anew.
pub const PATIENCE: TimeDelta = TimeDelta::seconds(5);

/// The engine tells of an end, and the look that follows finds it, this close together.
const SAME_END: TimeDelta = TimeDelta::minutes(1);

/// The kernel tells of a process that it ended, and the engine of its exit code, this close together.
const SAME_OOM: TimeDelta = TimeDelta::seconds(10);

/// What follows from a look.
#[derive(Debug, Clone, PartialEq)]
pub enum Look {
    /// It fails.
    Bad(Signal),
    /// It works since then, or nobody wants it to.
    Good(DateTime<Utc>),
    /// Nothing can be said; look again then, or when something happens.
    Unsure(Option<DateTime<Utc>>),
}

/// What is to be said of a server.
pub fn judge(one: &ServerCondition, now: DateTime<Utc>) -> Look {
    let is_stopped = matches!(one.goal, Goal::Stop | Goal::Kill);
    match &one.stop_reason {
        _ if one.is_engine_away => Look::Unsure(None),
        Some(reason) if is_stopped && one.is_allowed => {
            let since = one.crashes.times.last().copied();
            let summary = format!("{}: {reason}", one.name);
            Look::Bad(bad(one, Signature::CrashLoop, summary, since.unwrap_or(now)))
        }
        _ if one.goal == Goal::Run && one.is_busy => Look::Unsure(None),
        _ if one.goal == Goal::Run => running(one, now),
        _ if one.is_still && is_stopped => Look::Unsure(None),
        _ => Look::Good(now),
    }
}

fn running(one: &ServerCondition, now: DateTime<Utc>) -> Look {
    let (observed, ended) = (&one.observed, ended_at(one, now));
    match observed.seen {
        Seen::Running if observed.health == Condition::Unhealthy => {
            let summary = format!("{} runs, but its own check fails", one.name);
            let since = one.crashes.looked_at.unwrap_or(now);
            Look::Bad(bad(one, Signature::Unhealthy, summary, since))
        }
        Seen::Running if observed.health == Condition::Starting => Look::Unsure(None),
        Seen::Running => {
            let since = observed.running_since.unwrap_or(now);
            let steady = since + STEADY;
            if steady <= now {
                Look::Good(since)
            } else {
                Look::Unsure(Some(steady))
            }
        }
        Seen::Paused | Seen::Unknown => Look::Unsure(None),
        Seen::Restarting if one.crashes.times.len() < 2 && ended + STEADY > now => {
            Look::Unsure(Some(ended + STEADY))
        }
        Seen::Absent | Seen::Created | Seen::Dead => {
            let is_gone = observed.seen == Seen::Absent;
            let why = if is_gone { "was removed" } else { "did not start" };
            let summary = format!("{} does not run: its container {why}", one.name);
            Look::Bad(bad(one, Signature::Stopped, summary, ended))
        }
        Seen::Restarting | Seen::Exited => {
            let (code, oom) = how(one);
            let signature = match (oom, code) {
                (true, _) => Signature::ExitOom,
                (false, Some(0)) => Signature::Stopped,
                _ => Signature::ExitCode,
            };
            let summary = format!("{} ended by itself: {}", one.name, ending(code, oom));
            Look::Bad(bad(one, signature, summary, ended))
        }
    }
}

/// What it returned, and whether it was for want of memory. The look knows for sure if it saw the end itself.
fn how(one: &ServerCondition) -> (Option<i64>, bool) {
    let crashes = &one.crashes;
    let is_told = crashes
        .oom_at
        .is_some_and(|oom| (crashes.exited_at.unwrap_or(oom) - oom).abs() <= SAME_OOM);
    let code = one.observed.exit_code.or(crashes.exit_code);
    (code, one.observed.out_of_memory || is_told)
}

/// When it ended: as the engine told, or when somebody looked.
fn ended_at(one: &ServerCondition, now: DateTime<Utc>) -> DateTime<Utc> {
    let looked = one.crashes.looked_at.unwrap_or(now).min(now);
    let is_it = |at: &DateTime<Utc>| (looked - *at).abs() <= SAME_END && *at <= now;
    one.crashes.exited_at.filter(is_it).unwrap_or(looked)
}

fn bad(one: &ServerCondition, signature: Signature, summary: String, since: DateTime<Utc>) -> Signal {
    let (exit_code, out_of_memory) = how(one);
    Signal {
        cause: server_cause(one.id),
        tenant: Some(one.tenant),
        location: Some(one.location),
        server: Some(one.id),
        check: None,
        signature,
        summary,
        failing: true,
        since,
        detail: json!({
            "exit_code": exit_code,
            "out_of_memory": out_of_memory,
            "crashes": one.crashes.times.len(),
            "complaint": one.observed.complaint,
        }),
    }
}

/// What is to be said of a location's engine.
pub fn judge_engine(one: &EngineCondition, now: DateTime<Utc>) -> Look {
    let Some(error) = &one.error else {
        return Look::Good(now);
    };
    let since = one.since.unwrap_or(now);
    if since + PATIENCE > now {
        return Look::Unsure(Some(since + PATIENCE));
    }
    Look::Bad(Signal {
        cause: location_cause(one.id),
        tenant: None,
        location: Some(one.id),
        server: None,
        check: None,
        signature: Signature::EngineAway,
        summary: format!("The engine of {} does not answer", one.name),
        failing: true,
        since,
        detail: json!({ "error": error }),
    })
}

/// That a cause is over.
pub fn good(cause: String, since: DateTime<Utc>) -> Signal {
    Signal {
        cause,
        tenant: None,
        location: None,
        server: None,
        check: None,
        signature: Signature::Stopped,
        summary: String::new(),
        failing: false,
        since,
        detail: json!({}),
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use crate::platform::ids::{LocationId, ServerId, TenantId};
    use crate::servers::model::{CrashLog, Observation};

    use super::super::model::tests::at;
    use super::*;

    /// A server that should run and ended by itself with an error, ten seconds ago.
    fn ended() -> ServerCondition {
        ServerCondition {
            id: ServerId(Uuid::from_u128(1)),
            tenant: TenantId(Uuid::from_u128(2)),
            name: "web".to_owned(),
            location: LocationId(Uuid::from_u128(3)),
            goal: Goal::Run,
            is_allowed: true,
            is_still: false,
            is_busy: false,
            stop_reason: None,
            is_engine_away: false,
            observed: Observation {
                seen: Seen::Exited,
                exit_code: Some(1),
                ..Observation::default()
            },
            crashes: CrashLog {
                times: vec![at(-10)],
                exit_code: Some(1),
                exited_at: Some(at(-10)),
                oom_at: None,
                looked_at: Some(at(-9)),
            },
        }
    }

    fn judged(change: impl FnOnce(&mut ServerCondition)) -> Look {
        let mut one = ended();
        change(&mut one);
        judge(&one, at(0))
    }

    #[track_caller]
    fn is_bad(look: &Look, signature: Signature, summary: &str, since: i64) {
        let Look::Bad(signal) = look else {
            panic!("{look:?}")
        };
        assert_eq!((signal.signature, &*signal.summary), (signature, summary));
        assert_eq!(signal.since, at(since));
        assert_eq!(signal.cause, format!("server:{}:engine", Uuid::from_u128(1)));
    }

    #[test]
    fn it_is_told_how_a_process_ended() {
        let look = judged(|_| {});
        is_bad(
            &look,
            Signature::ExitCode,
            "web ended by itself: exit code 1",
            -10,
        );
        let look = judged(|one| one.observed.exit_code = Some(0));
        is_bad(&look, Signature::Stopped, "web ended by itself: exit code 0", -10);
        let look = judged(|one| {
            one.observed.exit_code = Some(137);
            one.crashes.oom_at = Some(at(-11));
        });
        is_bad(
            &look,
            Signature::ExitOom,
            "web ended by itself: exit code 137 (signal 9), out of memory",
            -10,
        );
        let look = judged(|one| one.crashes.exited_at = Some(at(-4000)));
        is_bad(&look, Signature::ExitCode, "web ended by itself: exit code 1", -9);
        let look = judged(|one| one.observed.seen = Seen::Absent);
        is_bad(
            &look,
            Signature::Stopped,
            "web does not run: its container was removed",
            -10,
        );
    }

    #[test]
    fn one_that_berth_stopped_fails_although_it_should_not_run_now() {
        let stopped = |one: &mut ServerCondition| {
            one.goal = Goal::Stop;
            one.is_busy = true;
            one.stop_reason = Some("Stopped after 5 crashes.".to_owned());
        };
        is_bad(
            &judged(stopped),
            Signature::CrashLoop,
            "web: Stopped after 5 crashes.",
            -10,
        );
        let suspended = judged(|one| {
            stopped(one);
            one.is_allowed = false;
        });
        assert_eq!(suspended, Look::Good(at(0)));
    }

    #[test]
    fn what_somebody_wants_is_no_failure() {
        for goal in [Goal::Stop, Goal::Kill, Goal::Keep, Goal::Delete] {
            assert_eq!(judged(|one| one.goal = goal), Look::Good(at(0)), "{goal:?}");
        }
        let still = judged(|one| (one.goal, one.is_still) = (Goal::Stop, true));
        assert_eq!(still, Look::Unsure(None));
        assert_eq!(judged(|one| one.is_busy = true), Look::Unsure(None));
        assert_eq!(judged(|one| one.is_engine_away = true), Look::Unsure(None));
    }

    #[test]
    fn one_that_comes_back_at_once_is_none_and_one_that_keeps_ending_is() {
        let restarting = |times: usize, ended: i64| {
            judged(|one| {
                one.observed.seen = Seen::Restarting;
                one.crashes.times = vec![at(ended); times];
                one.crashes.exited_at = Some(at(ended));
                one.crashes.looked_at = Some(at(ended));
            })
        };
        assert_eq!(restarting(1, -1), Look::Unsure(Some(at(9))));
        assert!(matches!(restarting(2, -1), Look::Bad(_)));
        assert!(matches!(restarting(1, -10), Look::Bad(_)));
    }

    #[test]
    fn it_is_back_when_it_has_run_for_a_while_and_is_well() {
        let running = |since: i64, health: Condition| {
            judged(|one| {
                one.observed.seen = Seen::Running;
                one.observed.running_since = Some(at(since));
                one.observed.health = health;
            })
        };
        assert_eq!(running(-9, Condition::None), Look::Unsure(Some(at(1))));
        assert_eq!(running(-10, Condition::None), Look::Good(at(-10)));
        assert_eq!(running(-60, Condition::Healthy), Look::Good(at(-60)));
        assert_eq!(running(-60, Condition::Starting), Look::Unsure(None));
        let ill = running(-60, Condition::Unhealthy);
        is_bad(
            &ill,
            Signature::Unhealthy,
            "web runs, but its own check fails",
            -9,
        );
    }

    #[test]
    fn an_engine_that_is_started_anew_is_not_away() {
        let engine = |error: Option<&str>, since: i64| {
            let one = EngineCondition {
                id: LocationId(Uuid::from_u128(3)),
                name: "Hamburg 1".to_owned(),
                error: error.map(str::to_owned),
                since: error.map(|_| at(since)),
            };
            judge_engine(&one, at(0))
        };
        assert_eq!(engine(None, 0), Look::Good(at(0)));
        assert_eq!(engine(Some("refused"), -4), Look::Unsure(Some(at(1))));
        let Look::Bad(signal) = engine(Some("refused"), -5) else {
            panic!("it is away");
        };
        assert_eq!((signal.signature, signal.since), (Signature::EngineAway, at(-5)));
        assert_eq!(signal.summary, "The engine of Hamburg 1 does not answer");
    }
}
