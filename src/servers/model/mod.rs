//! What a server is: the wish, what the engine says, and what follows from the two. Pure.

mod backoff;
mod command;
mod crash;
mod deletion;
mod disk;
mod history;
mod host;
mod limits;
mod log_search;
mod name;
mod origin;
mod parts;
mod place;
mod plan;
#[cfg(test)]
mod plan_end_tests;
#[cfg(test)]
mod plan_tests;
mod status;
mod suspension;
mod tags;
#[cfg(test)]
pub(super) mod testing;
mod update;
mod verdict;
mod wish;

use chrono::{DateTime, Utc};

use crate::drivers::engine;
use crate::platform::ids::{LocationId, ServerId, TenantId};

pub use backoff::{GIVE_UP_AFTER, SETTLED_AFTER, backoff, next_try};
pub use command::{Command, Decision, Refusal};
pub use crash::{CrashLog, CrashRule, Crashed};
pub use deletion::{Deletion, keeps_at_most};
pub use disk::{DiskChange, Quota, Volume, bytes_of, check_shrink, disk_change, share};
pub use history::{Entry, Kind, ending, transitions};
pub use host::host_name;
pub use limits::{Resources, admit};
pub use log_search::{LOOK_AT_MOST, LogFilter, LogFilterText, LogSearch};
pub use name::{NameError, ServerName};
pub use origin::{Before, CopyState, Copying, plan_from};
pub use parts::{
    HistoryEntry, Location, NewPort, NewServer, PortRange, PublishedPort, Size, StoredVariable, seal_context,
};
pub use place::StackPlace;
pub use plan::{Desired, Installation, Present, Step, Wiring, is_outdated, plan};
pub use status::{Phase, Status, clock_time};
pub use suspension::{Suspension, parse_reason};
pub use tags::{Note, Tag, Tags};
pub use update::{FailedUpdate, Trial, Update};
pub use verdict::{Attempt, Verdict, judge};
pub use wish::{Condition, Goal, Power, Seen, Stay};

/// A server as the database knows it.
#[derive(Debug, Clone)]
pub struct Server {
    /// Its id.
    pub id: ServerId,
    /// Whose it is.
    pub tenant: TenantId,
    /// The tenant's name in addresses.
    pub tenant_slug: String,
    /// The tenant's name.
    pub tenant_name: String,
    /// Whether the tenant may have running servers.
    pub is_tenant_active: bool,
    /// Whether the location's engine does not answer.
    pub is_engine_away: bool,
    /// Where it is placed.
    pub location: LocationId,
    /// What people call it.
    pub name: String,
    /// The name by which its neighbours in the tenant's network find it.
    pub host_name: String,
    /// The catalogue's template that it is made from.
    pub template: String,
    /// The image, named by its content.
    pub image: String,
    /// Counts asked-for rebuilds.
    pub rebuild_seq: i64,
    /// Words that people find it by.
    pub tags: Vec<String>,
    /// Why the provider has suspended it, if so.
    pub suspension: Option<Suspension>,
    /// What is known about its updates.
    pub update: Update,
    /// Its place in a stack, if it is a part of one.
    pub stack: Option<StackPlace>,
    /// Whose volumes it has, if they are not its own.
    pub volumes_of: Option<ServerId>,
    /// Its size.
    pub size: String,
    /// What the size gave it when it was chosen.
    pub resources: Resources,
    /// Whether the kernel enforces its disk's limit; nothing before its volumes are there.
    pub is_disk_enforced: Option<bool>,
    /// Counts changes of its settings.
    pub version: i64,
    /// What people ask for.
    pub power: Power,
    /// Counts asked-for restarts.
    pub restart_seq: i64,
    /// Since when it is deleted, if it is.
    pub deletion: Option<Deletion>,
    /// When somebody asked to erase it.
    pub deleting_at: Option<DateTime<Utc>>,
    /// Why Berth itself stopped it, until somebody asks for another power state.
    pub stop_reason: Option<String>,
    /// The copy of it for which it holds still.
    pub still_for: Option<ServerId>,
    /// Counts wishes.
    pub generation: i64,
    /// The newest wish that was reached.
    pub observed_generation: i64,
    /// The newest restart that was begun.
    pub observed_restart_seq: i64,
    /// What the engine said last.
    pub observed: Observation,
    /// The reconciler's notes.
    pub notes: Notes,
    /// Who made it.
    pub created_by: String,
    /// When.
    pub created_at: DateTime<Utc>,
    /// When it was last changed by somebody.
    pub updated_at: DateTime<Utc>,
}

/// What the engine said of a server's container, as far as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// Its state.
    pub seen: Seen,
    /// What its check says.
    pub health: Condition,
    /// What its check complained of last.
    pub complaint: Option<String>,
    /// What its process returned, if it ended.
    pub exit_code: Option<i64>,
    /// Whether the kernel ended it for want of memory.
    pub out_of_memory: bool,
    /// How often the engine started it again by itself.
    pub restarts: i64,
    /// The hash of the specification that it was made from.
    pub spec: Option<String>,
    /// When it last started, if it runs.
    pub running_since: Option<DateTime<Utc>>,
}

impl Default for Observation {
    fn default() -> Self {
        Self {
            seen: Seen::Absent,
            health: Condition::None,
            complaint: None,
            exit_code: None,
            out_of_memory: false,
            restarts: 0,
            spec: None,
            running_since: None,
        }
    }
}

impl From<&engine::Observed> for Observation {
    fn from(observed: &engine::Observed) -> Self {
        let seen = Seen::from(&observed.state);
        let (exit_code, out_of_memory) = match observed.state {
            engine::ObservedState::Exited {
                exit_code,
                oom_killed,
            } => (Some(exit_code), oom_killed),
            _ => observed
                .last_end
                .map_or((None, false), |(code, oom)| (Some(code), oom)),
        };
        Self {
            seen,
            health: observed.health.into(),
            complaint: observed.complaint.clone(),
            exit_code,
            out_of_memory,
            restarts: i64::try_from(observed.restart_count).unwrap_or(i64::MAX),
            spec: observed.spec_hash.clone(),
            // The database keeps microseconds; a value with more would never equal the one read back.
            running_since: observed
                .started_at
                .filter(|_| seen == Seen::Running)
                .map(|at| chrono::SubsecRound::trunc_subsecs(at, 6)),
        }
    }
}

/// What the reconciler keeps on the row.
#[derive(Debug, Clone, Default)]
pub struct Notes {
    /// What it is doing.
    pub step: Option<Step>,
    /// Why the last attempt failed.
    pub error: Option<String>,
    /// How many failed in a row.
    pub failures: i32,
    /// When it tries again.
    pub retry_at: Option<DateTime<Utc>>,
    /// The container was made from an older specification; the next start replaces it.
    pub is_outdated: bool,
}

impl Server {
    /// What the reconciler works towards.
    pub fn goal(&self) -> Goal {
        Goal::of(self.power, self.stay(), self.may_run())
    }

    /// Whether neither it nor its tenant is suspended, and it does not hold still to be copied.
    pub fn may_run(&self) -> bool {
        self.is_tenant_active && self.suspension.is_none() && self.still_for.is_none()
    }

    /// The state in words.
    pub fn status(&self, now: DateTime<Utc>) -> Status {
        Status::of(self, now)
    }

    /// Whether a wish was not reached yet.
    pub fn is_pending(&self) -> bool {
        self.generation != self.observed_generation
    }

    /// Whether an asked-for restart was not begun yet.
    pub fn must_restart(&self) -> bool {
        self.restart_seq != self.observed_restart_seq
    }
}
