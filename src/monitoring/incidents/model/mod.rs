//! What an incident is, and what a signal does to it. Pure.

mod decide;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::platform::ids::{CheckId, IncidentId, LocationId, MaintenanceId, ServerId, TenantId};

#[cfg(test)]
pub(super) use decide::tests;
pub use decide::{Act, Around, Kept, decide, end_of, location_cause, server_cause};

macro_rules! signatures {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $label:literal;)*) => {
        /// How something fails: what runbooks are found by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = IncidentSignature)]
        pub enum Signature {$(
            $(#[$doc])*
            $name,
        )*}

        impl Signature {
            /// All of them.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// As database and API write it.
            pub fn word(self) -> &'static str {
                match self {$(Self::$name => $word),*}
            }

            /// As pages write it.
            pub fn label(self) -> &'static str {
                match self {$(Self::$name => $label),*}
            }
        }
    };
}

signatures! {
    /// The kernel ended it for want of memory.
    ExitOom = "exit_oom", "Out of memory";
    /// Its process returned an error.
    ExitCode = "exit_code", "Process failed";
    /// Berth stopped it, because it ended by itself too often.
    CrashLoop = "crash_loop", "Crash loop";
    /// It runs, and its own check fails.
    Unhealthy = "unhealthy", "Unhealthy";
    /// Its process ended by itself, in good order.
    Stopped = "stopped", "Stopped by itself";
    /// A location's engine does not answer.
    EngineAway = "engine_away", "Engine away";
    /// Several servers of one place failed together.
    NodeDown = "node_down", "Several servers down";
    /// A page does not answer as it should.
    Http = "http", "HTTP";
    /// A certificate runs out.
    Certificate = "certificate", "Certificate";
    /// A port does not answer.
    Tcp = "tcp", "TCP";
    /// A game's query does not answer.
    Udp = "udp", "UDP";
    /// A name does not lead where it should.
    Dns = "dns", "DNS";
    /// A mail service does not answer.
    Mail = "mail", "Mail";
    /// A machine does not answer.
    Ping = "ping", "Ping";
    /// A disk is nearly full.
    DiskFull = "disk_full", "Disk nearly full";
    /// The processors are busy.
    Cpu = "cpu", "CPU";
    /// Memory is nearly used up.
    Memory = "memory", "Memory";
}

/// What failures of servers have in common that may have one reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Their processes ended.
    Ended,
    /// They run, and do not answer.
    Silent,
}

impl Signature {
    /// Whether what fails so is down, and servers that do at the same time may have one reason: what fills up or runs out has its own,
    /// and works meanwhile.
    pub fn is_outage(self) -> bool {
        !matches!(
            self,
            Self::Certificate | Self::Cpu | Self::Memory | Self::DiskFull
        )
    }

    /// What it has in common with others that fail at the same time. Nothing, if it is no outage, or a place's own.
    pub fn kind(self) -> Option<Kind> {
        match self {
            Self::ExitOom | Self::ExitCode | Self::CrashLoop | Self::Stopped => Some(Kind::Ended),
            Self::Unhealthy | Self::Http | Self::Tcp | Self::Udp | Self::Dns | Self::Mail | Self::Ping => {
                Some(Kind::Silent)
            }
            Self::EngineAway
            | Self::NodeDown
            | Self::Certificate
            | Self::Cpu
            | Self::Memory
            | Self::DiskFull => None,
        }
    }

    /// The signature of a word. A word from a later version of Berth is something that stopped.
    pub fn read(word: &str) -> Self {
        let mut known = Self::ALL.iter().copied();
        known.find(|one| one.word() == word).unwrap_or(Self::Stopped)
    }
}

/// What a look found out about a cause.
#[derive(Debug, Clone, PartialEq)]
pub struct Signal {
    /// The cause, by a key that stays: `server:<uuid>:engine`, `check:<uuid>`, `location:<uuid>`.
    pub cause: String,
    /// Whose it is.
    pub tenant: Option<TenantId>,
    /// Where it is.
    pub location: Option<LocationId>,
    /// The server.
    pub server: Option<ServerId>,
    /// The check that found it.
    pub check: Option<CheckId>,
    /// How it fails.
    pub signature: Signature,
    /// A line for people.
    pub summary: String,
    /// Whether it fails.
    pub failing: bool,
    /// When it was first seen to be so.
    pub since: DateTime<Utc>,
    /// What else is known.
    pub detail: Value,
}

/// Whether an incident is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum IncidentState {
    /// It lasts.
    Open,
    /// It is over.
    Closed,
}

impl IncidentState {
    /// As database and API write it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Closed => "closed",
        }
    }
}

/// A time in which something did not work.
#[derive(Debug, Clone, PartialEq)]
pub struct Incident {
    /// Its id.
    pub id: IncidentId,
    /// Whose it is; nobody's for what is the provider's.
    pub tenant: Option<TenantId>,
    /// Where it is.
    pub location: Option<LocationId>,
    /// The server.
    pub server: Option<ServerId>,
    /// The check that found it.
    pub check: Option<CheckId>,
    /// The cause.
    pub cause: String,
    /// How it fails.
    pub signature: Signature,
    /// A line for people.
    pub summary: String,
    /// What else is known.
    pub detail: Value,
    /// Whether it is over.
    pub state: IncidentState,
    /// Since when it did not work.
    pub began_at: DateTime<Utc>,
    /// When that was found.
    pub opened_at: DateTime<Utc>,
    /// When it worked again.
    pub ended_at: Option<DateTime<Utc>>,
    /// How often it came back.
    pub flaps: i32,
    /// What it is a part of.
    pub parent: Option<IncidentId>,
    /// The maintenance in whose course it opened, and which has not ended yet.
    pub maintenance: Option<MaintenanceId>,
}

/// What happened to an incident.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum News {
    /// It opened.
    Opened,
    /// It fails in another way, or there is more of it.
    Updated,
    /// It came back.
    Relapsed,
    /// It is over.
    Recovered,
}

/// A time in which a server was down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Down {
    /// The server.
    pub server: ServerId,
    /// What it was called.
    pub server_name: String,
    /// The incident that it belongs to.
    pub incident: IncidentId,
    /// From when.
    pub began: DateTime<Utc>,
    /// Until when.
    pub ended: Option<DateTime<Utc>>,
    /// How it failed.
    pub signature: Signature,
    /// In a line.
    pub summary: String,
}
