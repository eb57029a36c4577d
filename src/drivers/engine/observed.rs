//! What an engine says about itself and about servers' containers: plain data, no I/O.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use chrono::{DateTime, Utc};

use super::{NetworkKey, Protocol, ServerKey};

/// What the engine and its host are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineInfo {
    /// What the engine's host calls itself.
    pub host: String,
    /// The engine's version, for example `20.10.24+dfsg1`.
    pub version: String,
    /// The newest version of its API, for example `1.41`.
    pub api_version: String,
    /// The host's processors.
    pub cpus: u32,
    /// The host's memory.
    pub memory_bytes: u64,
    /// How images are stored, for example `overlay2`.
    pub storage_driver: String,
    /// `1` or `2`.
    pub cgroup_version: String,
    /// Whether containers survive a restart of the engine.
    pub live_restore: bool,
    /// The engine's complaints about its host.
    pub warnings: Vec<String>,
}

/// What a call that changes power or existence found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It changed something.
    Done,
    /// It was so already.
    Already,
    /// There is no such thing. For `stop`, `kill` and `remove` that is success; for `start` it means "ensure first".
    Gone,
}

/// What the engine says about one server's container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observed {
    /// Whose container.
    pub server: ServerKey,
    /// Whether it carries our installation's id. A container from before there were such ids does not: that its key is
    /// unknown here does not make it an orphan.
    pub is_marked: bool,
    /// What it does.
    pub state: ObservedState,
    /// What its health check says.
    pub health: Health,
    /// What its health check printed when it failed last: the last line, of at most 200 characters.
    pub complaint: Option<String>,
    /// What it was made from, and its limits as they are now: a [stamp](super::ContainerSpec::stamp), or the hash of the
    /// specification for a container from before there were stamps.
    pub spec_hash: Option<String>,
    /// The engine's id.
    pub container_id: Option<String>,
    /// The image's tag.
    pub image: Option<String>,
    /// When it last started.
    pub started_at: Option<DateTime<Utc>>,
    /// When it last ended.
    pub finished_at: Option<DateTime<Utc>>,
    /// What its process returned, and whether for want of memory, while the engine waits to start it again.
    pub last_end: Option<(i64, bool)>,
    /// How often the engine restarted it since it was last started by us. A crash loop shows here.
    pub restart_count: u64,
    /// Its addresses in its network, while it runs.
    pub ip_addresses: Vec<IpAddr>,
    /// The networks that it is in, running or not, by name ones of ours.
    pub networks: BTreeSet<NetworkKey>,
    /// Its ports that are published on the host, while it runs.
    pub ports: Vec<PublishedPort>,
}

impl Observed {
    /// A server without a container.
    pub fn gone(server: ServerKey) -> Self {
        Self {
            server,
            is_marked: true,
            state: ObservedState::Gone,
            health: Health::None,
            complaint: None,
            spec_hash: None,
            container_id: None,
            image: None,
            started_at: None,
            finished_at: None,
            last_end: None,
            restart_count: 0,
            ip_addresses: Vec::new(),
            networks: BTreeSet::new(),
            ports: Vec::new(),
        }
    }
}

/// What a container does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ObservedState {
    /// There is none.
    Gone,
    /// Made, never started.
    Created,
    /// Its process runs.
    Running,
    /// Its processes are frozen.
    Paused,
    /// It ended by itself and the engine is about to start it again.
    Restarting,
    /// It ended, or was stopped.
    Exited {
        /// What its process returned; 128 + n after signal n.
        exit_code: i64,
        /// Whether the kernel ended it for want of memory.
        oom_killed: bool,
    },
    /// The engine could not remove it completely. `remove` tries again.
    Dead,
    /// A word that this version of Berth does not know, or the engine's description of a container that it could
    /// not be asked about.
    Unknown(String),
}

/// What a container's health check says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Health {
    /// It has none, or does not run.
    #[default]
    None,
    /// Not known yet.
    Starting,
    /// The last probe succeeded.
    Healthy,
    /// As many probes as the check allows failed in a row.
    Unhealthy,
}

/// A container's port and where it can be reached on the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublishedPort {
    /// The port inside.
    pub container_port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The host's address.
    pub host_ip: IpAddr,
    /// The host's port.
    pub host_port: u16,
}

/// Something that happened to a container of ours. A hint to look, never the truth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EngineEvent {
    /// Whose container.
    pub about: Subject,
    /// When.
    pub at: Option<DateTime<Utc>>,
    /// What.
    pub kind: EventKind,
}

/// Whose container something happened to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    /// A server's.
    Server(ServerKey),
    /// The network guard's.
    Guard,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventKind {
    /// It was made.
    Created,
    /// Its process started.
    Started,
    /// Its process ended.
    Died {
        /// What it returned.
        exit_code: i64,
    },
    /// The kernel ended one of its processes for want of memory.
    Oom,
    /// Its health check changed its mind.
    Health(Health),
    /// It was frozen.
    Paused,
    /// It goes on.
    Unpaused,
    /// It was removed.
    Destroyed,
}

/// The longest that a stop may take before the process is killed.
pub const MAX_GRACE: Duration = Duration::from_mins(10);
