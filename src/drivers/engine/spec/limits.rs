//! The parts of a [`ContainerSpec`](super::ContainerSpec): ports, mounts, capabilities, health checks.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

use super::{EngineError, VolumeKey};

/// What the engine can change about a container while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Thousandths of a processor.
    pub cpu_millis: u32,
    /// Memory, including its tmpfs.
    pub memory_bytes: u64,
}

impl Limits {
    /// What stands for them in a hash that leaves them out.
    pub(super) const NONE: Self = Self {
        cpu_millis: 0,
        memory_bytes: 0,
    };

    /// What is observed of a container with this shape and these limits.
    pub fn stamp(self, shape: &str) -> String {
        format!("{shape}@{}/{}", self.cpu_millis, self.memory_bytes)
    }
}

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Protocol {
    /// TCP.
    Tcp,
    /// UDP.
    Udp,
}

impl Protocol {
    /// `tcp` or `udp`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Tcp => "tcp",
            Self::Udp => "udp",
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A port to publish on the host.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Port {
    /// The port inside.
    pub container_port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// The host's address. There is no default: publishing on all addresses has to be said.
    pub host_ip: IpAddr,
    /// The host's port; any free one if absent.
    pub host_port: Option<u16>,
}

/// A volume and where it appears.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct VolumeMount {
    /// The volume.
    pub volume: VolumeKey,
    /// An absolute path inside.
    pub path: String,
    /// Whether it cannot be written to.
    pub read_only: bool,
}

/// A memory file system of a limited size, readable and writable by all users inside.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Tmpfs {
    /// An absolute path inside.
    pub path: String,
    /// The most that it holds. It counts as the container's memory.
    pub size_bytes: u64,
    /// Whether programs can be run from it. Hashed only where they can.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub exec: bool,
}

/// How the engine knows that a server works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct HealthCheck {
    /// What it runs inside; success is 0.
    pub test: HealthTest,
    /// The time between two runs.
    pub interval: Duration,
    /// The longest that one may take.
    pub timeout: Duration,
    /// How many must fail in a row.
    pub retries: u32,
    /// How long after a start failures do not count.
    pub start_period: Duration,
}

/// What a health check runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub enum HealthTest {
    /// A program and its arguments.
    Exec(Vec<String>),
    /// A line for the image's shell.
    Shell(String),
}

macro_rules! capabilities {
    ($($(#[$doc:meta])* $variant:ident = $name:literal,)*) => {
        /// A capability that a template may add back: those of Docker's default set that stay inside the container.
        /// `MKNOD` is not among them, and nothing of what Docker leaves out by default (`SYS_ADMIN` and the like).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
        pub enum Capability {
            $($(#[$doc])* #[serde(rename = $name)] $variant,)*
        }

        impl Capability {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$variant,)*];

            /// The kernel's name without `CAP_`.
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)*
                }
            }
        }
    };
}

capabilities! {
    /// Write to the kernel's audit log, as `sshd` and `login` do.
    AuditWrite = "AUDIT_WRITE",
    /// Change owners of files.
    Chown = "CHOWN",
    /// Read and write files whatever their mode.
    DacOverride = "DAC_OVERRIDE",
    /// Do to files what only their owner may.
    Fowner = "FOWNER",
    /// Keep setuid bits when a file changes.
    Fsetid = "FSETID",
    /// Send signals to processes of other users.
    Kill = "KILL",
    /// Listen on ports below 1024.
    NetBindService = "NET_BIND_SERVICE",
    /// Raw sockets, as `ping` wants. Allows forged packets inside the tenant's network.
    NetRaw = "NET_RAW",
    /// Set file capabilities.
    Setfcap = "SETFCAP",
    /// Change the process's group.
    Setgid = "SETGID",
    /// Drop capabilities from the bounding set.
    Setpcap = "SETPCAP",
    /// Change the process's user.
    Setuid = "SETUID",
    /// Use `chroot`.
    SysChroot = "SYS_CHROOT",
}

impl fmt::Display for Capability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Capability {
    type Err = EngineError;

    /// Reads the kernel's name, with or without `CAP_`, in any case.
    fn from_str(name: &str) -> Result<Self, EngineError> {
        let upper = name.to_ascii_uppercase();
        let wanted = upper.strip_prefix("CAP_").unwrap_or(&upper);
        Self::ALL
            .iter()
            .copied()
            .find(|capability| capability.as_str() == wanted)
            .ok_or_else(|| {
                EngineError::invalid(format!("capability {name:?} is not one that a server may have"))
            })
    }
}
