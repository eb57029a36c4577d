//! Servers that end by themselves: how often is too often, and what is told about it. Pure.
//!
//! The engine starts what ended again, later each time, also while no panel runs, and counts. Each look adds what the
//! engine has counted since the look before; the times are kept in the database, so a panel that dies forgets none. A server
//! that ended too often in too short a time is stopped by a wish of its own and stays so until somebody starts it.

use chrono::{DateTime, Duration, Utc};

use super::history::{Entry, Kind, ending};
use super::{Goal, Observation, Seen, Server};

/// The kernel tells of a process that it ended for want of memory, and the engine of its exit code, this close together.
const SAME_END: Duration = Duration::seconds(10);

/// When it is enough.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CrashRule {
    /// So many crashes…
    pub limit: usize,
    /// …within so long.
    pub window: Duration,
}

/// What is kept about a server's crashes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CrashLog {
    /// When it crashed lately, oldest first.
    pub times: Vec<DateTime<Utc>>,
    /// What its process returned last, as the engine's event told.
    pub exit_code: Option<i64>,
    /// When that was.
    pub exited_at: Option<DateTime<Utc>>,
    /// When the kernel last ended one of its processes for want of memory.
    pub oom_at: Option<DateTime<Utc>>,
    /// When somebody last looked at it.
    pub looked_at: Option<DateTime<Utc>>,
}

/// Crashes that a look found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Crashed {
    /// All of the window, these included, oldest first.
    pub times: Vec<DateTime<Utc>>,
    /// What the history tells.
    pub entry: Entry,
    /// Why it is stopped, if it is enough.
    pub stop: Option<String>,
}

impl Server {
    /// How often its process ended by itself between the last look and `seen`. `was_started` says that this attempt
    /// started it in between, by which the engine begins to count anew. A crash of an image on trial is its update's
    /// failure, and not the server's.
    fn crashes(&self, seen: &Observation, was_started: bool) -> usize {
        if self.goal() != Goal::Run || self.is_on_trial() || self.is_rolling_back() {
            return 0;
        }
        let known = self.observed.restarts;
        let counts_anew = was_started || seen.restarts < known;
        let again = seen.restarts - if counts_anew { 0 } else { known };
        let ended = seen.seen == Seen::Exited && (was_started || self.death(seen).is_some());
        usize::try_from(again).unwrap_or_default() + usize::from(ended)
    }
}

impl CrashLog {
    /// What follows from a look at `server`; nothing if it did not crash.
    pub fn after(
        &self,
        server: &Server,
        (seen, was_started): (&Observation, bool),
        rule: CrashRule,
        now: DateTime<Utc>,
    ) -> Option<Crashed> {
        let number = server.crashes(seen, was_started);
        if number == 0 {
            return None;
        }
        let begin = now - rule.window;
        let known = self.times.iter().copied();
        let mut times: Vec<_> = known
            .chain(self.spread(number, rule, now))
            .filter(|at| *at > begin)
            .collect();
        // More than this are never asked for.
        times.drain(..times.len().saturating_sub(rule.limit));
        let how = self.how(server, seen);
        let stop = (times.len() >= rule.limit).then(|| enough(rule, &how));
        let entry = entry(number, times.len(), rule, &how.text);
        Some(Crashed { times, entry, stop })
    }

    /// When crashes that nobody watched may have been: evenly between the last look and now. A server that ended once an
    /// hour while no panel ran did not end ten times at once.
    fn spread(&self, number: usize, rule: CrashRule, now: DateTime<Utc>) -> Vec<DateTime<Utc>> {
        let gap = self
            .looked_at
            .map_or(Duration::zero(), |at| now - at)
            .max(Duration::zero());
        let number = i32::try_from(number).unwrap_or(i32::MAX);
        let newest = i32::try_from(rule.limit).unwrap_or(i32::MAX).min(number);
        (0..newest).rev().map(|back| now - gap / number * back).collect()
    }

    /// How it ended last. The look knows for sure if it saw the end itself.
    fn how(&self, server: &Server, seen: &Observation) -> How {
        let is_near = |oom: DateTime<Utc>| {
            let end = self.exited_at.unwrap_or(oom);
            (end - oom).abs() <= SAME_END
        };
        let is_told = self.oom_at.is_some_and(is_near);
        let exit_code = seen.exit_code.or(self.exit_code);
        let out_of_memory = seen.out_of_memory || is_told;
        let limit = format!(" (limit {} MiB)", server.resources.memory_mib);
        let limit = if out_of_memory { &*limit } else { "" };
        let text = ending(exit_code, out_of_memory) + limit;
        How { text, out_of_memory }
    }
}

struct How {
    text: String,
    out_of_memory: bool,
}

/// `10 minutes`, `1 minute`.
fn minutes(window: Duration) -> String {
    match window.num_minutes() {
        1 => "1 minute".to_owned(),
        number => format!("{number} minutes"),
    }
}

fn entry(number: usize, count: usize, rule: CrashRule, how: &str) -> Entry {
    let (limit, within) = (rule.limit, minutes(rule.window));
    let text = if number == 1 {
        format!("It crashed, {count} of {limit} in {within}: {how}.")
    } else {
        format!("It crashed {number} times, {count} of {limit} in {within}; the last one: {how}.")
    };
    Entry::new(Kind::Died, text)
}

/// The sentence that stays on its page.
fn enough(rule: CrashRule, how: &How) -> String {
    let next = if how.out_of_memory {
        "Choose a larger size in its settings, or let it need less; then start it."
    } else {
        "Its log tells what it said before. Put that right, then start it."
    };
    let crashes = if rule.limit == 1 { "crash" } else { "crashes" };
    format!(
        "Stopped after {} {crashes} in {}. The last one: {}. {next}",
        rule.limit,
        minutes(rule.window),
        how.text
    )
}

#[cfg(test)]
mod tests {
    use super::super::testing::server;
    use super::super::{Power, Update};
    use super::*;

    const RULE: CrashRule = CrashRule {
        limit: 5,
        window: Duration::minutes(10),
    };

    fn now() -> DateTime<Utc> {
        DateTime::from_timestamp(1_800_000_000, 0).unwrap()
    }

    fn look(seen: Seen, restarts: i64) -> Observation {
        Observation {
            seen,
            restarts,
            ..Observation::default()
        }
    }

    fn running() -> Server {
        let mut server = server();
        server.observed = look(Seen::Running, 0);
        server
    }

    /// Looks at a server that ended `crashes` times, one each `apart`. Says after how many it was stopped.
    fn stopped_after(crashes: i64, apart: Duration) -> Option<i64> {
        let (mut server, mut log) = (running(), CrashLog::default());
        let mut at = now();
        for restarts in 1..=crashes {
            at += apart;
            let seen = look(Seen::Running, restarts);
            let found = log.after(&server, (&seen, false), RULE, at).unwrap();
            if found.stop.is_some() {
                return Some(restarts);
            }
            (log.times, log.looked_at) = (found.times, Some(at));
            server.observed = seen;
        }
        None
    }

    #[test]
    fn five_in_ten_minutes_are_enough_and_five_in_an_hour_are_not() {
        assert_eq!(stopped_after(20, Duration::seconds(1)), Some(5));
        assert_eq!(stopped_after(20, Duration::seconds(149)), Some(5));
        assert_eq!(
            stopped_after(20, Duration::seconds(150)),
            None,
            "the first is out of the window"
        );
    }

    #[test]
    fn a_look_counts_all_that_the_engine_has_counted() {
        let log = CrashLog {
            times: vec![now() - Duration::minutes(1)],
            looked_at: Some(now() - Duration::seconds(8)),
            exit_code: Some(1),
            exited_at: Some(now()),
            ..CrashLog::default()
        };
        let seen = look(Seen::Restarting, 4);
        let crashed = log.after(&running(), (&seen, false), RULE, now()).unwrap();
        assert_eq!(
            crashed.entry.text,
            "It crashed 4 times, 5 of 5 in 10 minutes; the last one: exit code 1."
        );
        assert_eq!(
            crashed.stop.as_deref(),
            Some(
                "Stopped after 5 crashes in 10 minutes. The last one: exit code 1. Its log tells what it said before. Put \
                 that right, then start it."
            )
        );
    }

    #[test]
    fn what_nobody_watched_is_spread_over_the_time() {
        let log = CrashLog {
            looked_at: Some(now() - Duration::hours(10)),
            ..CrashLog::default()
        };
        let after = |restarts| {
            let seen = look(Seen::Running, restarts);
            log.after(&running(), (&seen, false), RULE, now()).unwrap()
        };
        let hourly = after(10);
        assert_eq!((hourly.times, hourly.stop), (vec![now()], None));
        assert!(
            after(600).stop.is_some(),
            "one a minute, as the engine's longest delay is"
        );
    }

    #[test]
    fn memory_is_told_with_its_limit_and_what_to_do() {
        let log = CrashLog {
            times: vec![now(); 4],
            exit_code: Some(137),
            exited_at: Some(now()),
            oom_at: Some(now() - Duration::seconds(1)),
            ..CrashLog::default()
        };
        let seen = look(Seen::Running, 1);
        let crashed = log.after(&running(), (&seen, false), RULE, now()).unwrap();
        let stop = crashed.stop.unwrap();
        assert!(
            stop.contains(
                "The last one: exit code 137 (signal 9), out of memory (limit 256 MiB). Choose a larger size"
            ),
            "{stop}"
        );
        let older = CrashLog {
            oom_at: Some(now() - Duration::minutes(2)),
            ..log
        };
        let crashed = older.after(&running(), (&seen, false), RULE, now()).unwrap();
        assert!(
            !crashed.stop.unwrap().contains("memory"),
            "that was another crash"
        );
    }

    #[test]
    fn only_an_end_that_nobody_asked_for_counts() {
        let ended = look(Seen::Exited, 0);
        let crashes = |change: fn(&mut Server)| {
            let mut server = running();
            change(&mut server);
            CrashLog::default()
                .after(&server, (&ended, false), RULE, now())
                .is_some()
        };
        assert!(crashes(|_| {}));
        assert!(!crashes(|server| server.power = Power::Stopped));
        assert!(!crashes(|server| server.is_tenant_active = false));
        assert!(!crashes(
            |server| server.notes.step = Some(super::super::Step::Stop)
        ));
        assert!(!crashes(|server| {
            server.update = Update {
                proven: Some("before".to_owned()),
                ..Update::default()
            };
        }));
    }

    #[test]
    fn a_start_of_ours_makes_the_engine_count_anew() {
        let mut server = running();
        server.observed = look(Seen::Restarting, 3);
        let count = |seen: &Observation, started| server.crashes(seen, started);
        assert_eq!(count(&look(Seen::Running, 3), false), 0);
        assert_eq!(count(&look(Seen::Running, 0), true), 0);
        assert_eq!(count(&look(Seen::Restarting, 3), true), 3);
        assert_eq!(
            count(&look(Seen::Exited, 0), true),
            1,
            "it ended while it was being started"
        );
        assert_eq!(count(&look(Seen::Running, 1), false), 1);
    }
}
