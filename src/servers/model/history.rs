//! What happened to a server, told from two looks at it.

use super::{Condition, Observation, Seen};

/// What sort of thing happened, for icons and filters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Somebody asked for something.
    Asked,
    /// It runs.
    Started,
    /// It ended because it was asked to.
    Stopped,
    /// It ended by itself.
    Died,
    /// Its check succeeds.
    Healthy,
    /// Its check fails.
    Unhealthy,
    /// Its container is gone or was frozen, not by us.
    Changed,
    /// The reconciler could not do something.
    Failed,
}

impl Kind {
    const ALL: &'static [Self] = &[
        Self::Asked,
        Self::Started,
        Self::Stopped,
        Self::Died,
        Self::Healthy,
        Self::Unhealthy,
        Self::Changed,
        Self::Failed,
    ];

    /// The word in the database.
    pub fn word(self) -> &'static str {
        match self {
            Self::Asked => "asked",
            Self::Started => "started",
            Self::Stopped => "stopped",
            Self::Died => "died",
            Self::Healthy => "healthy",
            Self::Unhealthy => "unhealthy",
            Self::Changed => "changed",
            Self::Failed => "failed",
        }
    }

    /// Reads the database's word.
    pub(in crate::servers) fn read(word: &str) -> Self {
        Self::ALL
            .iter()
            .copied()
            .find(|kind| kind.word() == word)
            .unwrap_or(Self::Changed)
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// What sort.
    pub kind: Kind,
    /// One sentence.
    pub text: String,
}

impl Entry {
    /// An entry.
    pub fn new(kind: Kind, text: impl Into<String>) -> Self {
        Self {
            kind,
            text: text.into(),
        }
    }
}

/// How a process ended: `exit code 137, out of memory`.
pub fn ending(exit_code: Option<i64>, out_of_memory: bool) -> String {
    let mut text = match exit_code {
        // 128 + n is how a shell and the engine tell of signal n.
        Some(code @ 129..=192) => format!("exit code {code} (signal {})", code - 128),
        Some(code) => format!("exit code {code}"),
        None => "unknown exit code".to_owned(),
    };
    if out_of_memory {
        text.push_str(", out of memory");
    }
    text
}

/// What happened between two looks. `by_us` says that an end of the process was our doing.
pub fn transitions(before: &Observation, after: &Observation, by_us: bool) -> Vec<Entry> {
    let mut entries = Vec::new();
    entries.extend(power(before, after, by_us));
    entries.extend(health(before, after));
    entries
}

fn power(before: &Observation, after: &Observation, by_us: bool) -> Option<Entry> {
    let was_alive = before.seen.is_alive();
    let again = after.restarts > before.restarts && before.seen != Seen::Absent;
    match after.seen {
        Seen::Running if again => Some(Entry::new(
            Kind::Died,
            format!(
                "It ended by itself; the engine started it again (restart {}).",
                after.restarts
            ),
        )),
        Seen::Running if before.seen == Seen::Paused => Some(Entry::new(Kind::Started, "It goes on.")),
        Seen::Running if before.seen != Seen::Running => Some(Entry::new(Kind::Started, "It started.")),
        Seen::Running if before.running_since != after.running_since => {
            Some(Entry::new(Kind::Started, "It started anew."))
        }
        Seen::Restarting if before.seen != Seen::Restarting => Some(Entry::new(
            Kind::Died,
            "It ended by itself; the engine starts it again.",
        )),
        Seen::Exited | Seen::Created | Seen::Absent if was_alive && by_us => {
            Some(Entry::new(Kind::Stopped, "It stopped."))
        }
        Seen::Exited if was_alive => Some(Entry::new(
            Kind::Died,
            format!(
                "It stopped by itself: {}.",
                ending(after.exit_code, after.out_of_memory)
            ),
        )),
        Seen::Absent if before.seen != Seen::Absent && !by_us => {
            Some(Entry::new(Kind::Changed, "Its container is gone."))
        }
        Seen::Paused if before.seen != Seen::Paused => {
            Some(Entry::new(Kind::Changed, "Its container was frozen."))
        }
        _ => None,
    }
}

fn health(before: &Observation, after: &Observation) -> Option<Entry> {
    match (before.health, after.health) {
        (old, new) if old == new => None,
        (_, Condition::Healthy) => Some(Entry::new(Kind::Healthy, "Its check succeeds.")),
        (_, Condition::Unhealthy) => Some(Entry::new(Kind::Unhealthy, "Its check fails.")),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(seen: Seen) -> Observation {
        Observation {
            seen,
            ..Observation::default()
        }
    }

    fn told(before: &Observation, after: &Observation, by_us: bool) -> Vec<String> {
        transitions(before, after, by_us)
            .into_iter()
            .map(|entry| entry.text)
            .collect()
    }

    #[test]
    fn an_end_that_nobody_asked_for_is_told_with_its_cause() {
        let ended = Observation {
            exit_code: Some(137),
            out_of_memory: true,
            ..look(Seen::Exited)
        };
        assert_eq!(
            told(&look(Seen::Running), &ended, false),
            ["It stopped by itself: exit code 137 (signal 9), out of memory."]
        );
        assert_eq!(told(&look(Seen::Running), &ended, true), ["It stopped."]);
        assert_eq!(ending(Some(0), false), "exit code 0");
    }

    #[test]
    fn a_restart_by_the_engine_is_told_once() {
        let before = look(Seen::Running);
        let after = Observation {
            restarts: 3,
            ..look(Seen::Running)
        };
        assert_eq!(
            told(&before, &after, false),
            ["It ended by itself; the engine started it again (restart 3)."]
        );
        assert!(told(&after, &after, false).is_empty());
    }

    #[test]
    fn nothing_happened_between_two_equal_looks() {
        for seen in Seen::ALL {
            assert!(
                transitions(&look(*seen), &look(*seen), false).is_empty(),
                "{seen:?}"
            );
        }
    }

    #[test]
    fn health_is_told_when_it_changes_its_mind() {
        let well = Observation {
            health: Condition::Healthy,
            ..look(Seen::Running)
        };
        let ill = Observation {
            health: Condition::Unhealthy,
            ..look(Seen::Running)
        };
        assert_eq!(told(&look(Seen::Running), &well, false), ["Its check succeeds."]);
        assert_eq!(told(&well, &ill, false), ["Its check fails."]);
    }
}
