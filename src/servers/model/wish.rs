//! What people ask of a server, and what that means now that its tenant is as it is.

use crate::drivers::engine::{Health, ObservedState};

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident = $text:literal;)* } else $other:ident)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, utoipa::ToSchema)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {$(
            $(#[$case_doc])*
            $case,
        )*}

        impl $name {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$case),*];

            /// The word in database and API.
            pub fn word(self) -> &'static str {
                match self {$(Self::$case => $text),*}
            }

            /// Reads the database's word; its check constraints leave no other.
            pub(in crate::servers) fn read(word: &str) -> Self {
                Self::ALL.iter().copied().find(|known| known.word() == word).unwrap_or(Self::$other)
            }
        }
    )*};
}

words! {
    /// What people ask for.
    Power {
        /// It should run.
        Running = "running";
        /// It should end in good order and stay so.
        Stopped = "stopped";
        /// It should end at once and stay so.
        Killed = "killed";
    } else Stopped

    /// What the engine says, in a word.
    Seen {
        /// There is no container.
        Absent = "absent";
        /// Made, never started.
        Created = "created";
        /// Its process runs.
        Running = "running";
        /// Its processes are frozen.
        Paused = "paused";
        /// It ended by itself and the engine is about to start it again.
        Restarting = "restarting";
        /// It ended, or was stopped.
        Exited = "exited";
        /// The engine could not remove it completely.
        Dead = "dead";
        /// The engine can't say.
        Unknown = "unknown";
    } else Unknown

    /// What the server's own check says.
    Condition {
        /// It has none, or does not run.
        None = "none";
        /// Not known yet.
        Starting = "starting";
        /// The last probe succeeded.
        Healthy = "healthy";
        /// Several probes failed in a row.
        Unhealthy = "unhealthy";
    } else None
}

impl From<&ObservedState> for Seen {
    fn from(state: &ObservedState) -> Self {
        match state {
            ObservedState::Gone => Self::Absent,
            ObservedState::Created => Self::Created,
            ObservedState::Running => Self::Running,
            ObservedState::Paused => Self::Paused,
            ObservedState::Restarting => Self::Restarting,
            ObservedState::Exited { .. } => Self::Exited,
            ObservedState::Dead => Self::Dead,
            ObservedState::Unknown(_) => Self::Unknown,
        }
    }
}

impl From<Health> for Condition {
    fn from(health: Health) -> Self {
        match health {
            Health::None => Self::None,
            Health::Starting => Self::Starting,
            Health::Healthy => Self::Healthy,
            Health::Unhealthy => Self::Unhealthy,
        }
    }
}

impl Seen {
    /// Whether a process is alive, or will be in a moment.
    pub fn is_alive(self) -> bool {
        matches!(
            self,
            Self::Running | Self::Paused | Self::Restarting | Self::Unknown
        )
    }

    /// The word on pages.
    pub fn label(self) -> &'static str {
        match self {
            Self::Absent => "not made yet",
            Self::Created => "made",
            Self::Running => "running",
            Self::Paused => "frozen",
            Self::Restarting => "restarting",
            Self::Exited => "stopped",
            Self::Dead => "broken",
            Self::Unknown => "unknown",
        }
    }
}

/// What the reconciler works towards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Goal {
    /// A running container.
    Run,
    /// None, ended in good order.
    Stop,
    /// None, ended at once.
    Kill,
    /// No container; its data and settings stay.
    Keep,
    /// Nothing of it left.
    Delete,
}

/// Whether a server stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stay {
    /// It does.
    Lives,
    /// It is deleted, and kept for a while.
    Kept,
    /// It is being erased.
    Leaves,
}

impl Goal {
    /// The wish, bent by the tenant's state: an organisation that is not active has no running server. Its wishes stay
    /// on the rows, so that its servers come back as they were.
    pub fn of(power: Power, stay: Stay, is_tenant_active: bool) -> Self {
        match power {
            _ if stay == Stay::Leaves => Self::Delete,
            _ if stay == Stay::Kept => Self::Keep,
            Power::Killed => Self::Kill,
            Power::Running if is_tenant_active => Self::Run,
            Power::Running | Power::Stopped => Self::Stop,
        }
    }

    /// Whether a container in this state is what is wanted, as far as a look at the state tells.
    pub fn is_met_by(self, seen: Seen) -> bool {
        match self {
            Self::Run => seen == Seen::Running,
            Self::Stop | Self::Kill => !seen.is_alive(),
            Self::Keep => seen == Seen::Absent,
            Self::Delete => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_suspended_tenants_servers_stop_and_keep_their_wish() {
        assert_eq!(Goal::of(Power::Running, Stay::Lives, false), Goal::Stop);
        assert_eq!(Goal::of(Power::Running, Stay::Lives, true), Goal::Run);
        assert_eq!(Goal::of(Power::Killed, Stay::Lives, false), Goal::Kill);
        assert_eq!(Goal::of(Power::Running, Stay::Leaves, false), Goal::Delete);
        assert_eq!(Goal::of(Power::Running, Stay::Kept, true), Goal::Keep);
    }

    #[test]
    fn words_survive_a_round_trip() {
        for word in Seen::ALL {
            assert_eq!(Seen::read(word.word()), *word);
        }
        for word in Power::ALL {
            assert_eq!(Power::read(word.word()), *word);
        }
        for word in Condition::ALL {
            assert_eq!(Condition::read(word.word()), *word);
        }
    }
}
