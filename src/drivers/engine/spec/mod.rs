//! What a server's container should be, and what is taken away from it by default.
//!
//! Pure: no I/O, no clock. `render` turns a [`ContainerSpec`] into the engine's words and is snapshot-tested, so that
//! a change of the hardening shows in review.
//!
//! # What every container gets, and why
//!
//! - All capabilities dropped; a template adds back single ones of [`Capability`], which has none that reaches the
//!   host. `no-new-privileges`, so that a setuid program inside cannot take more. Docker's default seccomp filter and
//!   masked paths stay on.
//! - Limits for memory, processor time and processes. Swap is as large as memory, which means none: a server that
//!   outgrows its memory is killed by the kernel instead of slowing the host. Processor time is a quota per period and
//!   not `NanoCPUs`, because the engine refuses those above the host's count and a size must not depend on the host.
//! - Under host-wide memory pressure customers' processes go before the engine and the panel (`OomScoreAdj`).
//! - Logs of a bounded size; sized tmpfs with `nosuid,nodev,noexec`; a root file system that is read-only if asked.
//! - A private IPC and cgroup namespace, an init process that reaps zombies and passes signals on.
//! - No host path, device, host namespace or engine socket: there is no field for one.
//!
//! # Restarts
//!
//! The restart policy is `unless-stopped`. Customers' servers must come back after a crash and after a reboot of the
//! host while the panel is down, and only the engine can do that. A stop or kill through the engine's API is
//! remembered by it, also across its own restarts, so a server that was stopped or suspended stays so. `on-failure`
//! would not bring back a server that ended with 0 because its host shut down in order. A crash loop is slowed by the
//! engine (it doubles its delay up to a minute) and shows as [`ObservedState::Restarting`](super::ObservedState) and
//! in `restart_count`, by which the reconciler can give up and stop it.
//!
//! # The hash
//!
//! [`ContainerSpec::hash`] covers the specification and [`SPEC_VERSION`], not the rendered configuration: an upgrade
//! of Berth must not restart every customer's server because a library writes JSON differently. When the hardening
//! itself changes in a way that running servers must get, raise [`SPEC_VERSION`].
//!
//! # Limits
//!
//! The engine changes the limits of processor and memory while a container runs, but never its labels. So a container
//! carries the hash of all but the limits (its shape), and what it is now is told by its [stamp](ContainerSpec::stamp):
//! that hash, and the limits as the engine has them.

mod copy;
mod files;
mod guard;
mod helper;
mod limits;
mod render;
#[cfg(test)]
mod tests;
mod validate;

use std::{collections::BTreeMap, fmt, time::Duration};

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{EngineError, EngineResult, InstanceKey, NetworkKey, Owner, ServerKey, TenantKey, VolumeKey};

pub use limits::{Capability, HealthCheck, HealthTest, Limits, Port, Protocol, Tmpfs, VolumeMount};
pub(super) use render::{ours, whole_seconds};
pub(super) use validate::image_tag;
pub use validate::is_image_tag;

/// Part of every hash. Raising it re-creates every container.
pub const SPEC_VERSION: u32 = 1;

/// The labels that objects of ours carry.
pub mod label {
    /// Whose object: the panel's [`InstanceKey`](super::InstanceKey).
    pub const INSTANCE: &str = "berth.instance";
    /// Whose object, of those with one instance's name: the database's
    /// [`InstallationKey`](super::super::InstallationKey). Not on images.
    pub const INSTALLATION: &str = "berth.installation";
    /// `true` on everything that any installation of Berth made.
    pub const MANAGED: &str = "berth.managed";
    /// A container's or volume's server.
    pub const SERVER: &str = "berth.server";
    /// The tenant of a container, network or volume.
    pub const TENANT: &str = "berth.tenant";
    /// The hash of the specification that a container was made from.
    pub const SPEC: &str = "berth.spec";
    /// The hash of what a container was made from but its limits, which the engine can change while it runs. Containers
    /// from before there was this label are made anew for other limits.
    pub const SHAPE: &str = "berth.shape";
    /// The server's display name when the container was made, for people who look with `docker ps`.
    pub const NAME: &str = "berth.name";
    /// A network's key.
    pub const NETWORK: &str = "berth.network";
    /// The server that a task's container is for.
    pub const TASK: &str = "berth.task";
    /// A volume's key.
    pub const VOLUME: &str = "berth.volume";
    /// The version of the rules that the guard sets; only the guard has it.
    pub const GUARD: &str = "berth.guard";
    /// Whose files a helper reaches: the server's key. Instead of [`SERVER`], so that no helper is taken for a server.
    pub const FILES: &str = "berth.files";
    /// Where our labels are.
    pub const PREFIX: &str = "berth.";
}

/// A server's container, as it should be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ContainerSpec {
    /// Whose container.
    pub server: ServerKey,
    /// Whose server.
    pub tenant: TenantKey,
    /// What people call it. Not part of the hash: a rename must not restart a server.
    #[serde(skip)]
    pub display_name: String,
    /// The image's tag. Tags should name content, not change: a new image under an old tag is not a new hash.
    pub image: String,
    /// Instead of the image's own command.
    pub command: Option<Vec<String>>,
    /// The environment.
    pub env: Env,
    /// Labels besides ours. Keys must not start with `berth.`.
    pub labels: BTreeMap<String, String>,
    /// The network that it is made in. It must exist and belong to the same tenant. It may be put into others later.
    pub network: NetworkKey,
    /// Its own host name; the engine's short id if absent.
    pub hostname: Option<String>,
    /// Names by which the other containers of its network find it.
    pub aliases: Vec<String>,
    /// Ports to publish on the host. Ports that are not here can be reached only from its network.
    pub ports: Vec<Port>,
    /// Volumes to mount. They must exist and belong to the same tenant.
    pub volumes: Vec<VolumeMount>,
    /// Thousandths of a processor.
    pub cpu_millis: u32,
    /// Memory, including its tmpfs.
    pub memory_bytes: u64,
    /// Processes and threads.
    pub pids_limit: u32,
    /// Capabilities to add back.
    pub cap_add: Vec<Capability>,
    /// Whether all but volumes and tmpfs is read-only.
    pub read_only_root: bool,
    /// Memory file systems.
    pub tmpfs: Vec<Tmpfs>,
    /// The user and group that it runs as, instead of the image's.
    pub user: Option<String>,
    /// How the engine knows that it works, instead of the image's check.
    pub health: Option<HealthCheck>,
    /// What asks its process to end, instead of the image's or `SIGTERM`.
    pub stop_signal: Option<String>,
    /// How long it may take to end when the engine stops it by itself, or when [`ensure`](super::Engine::ensure)
    /// replaces it.
    pub stop_grace: Duration,
    /// Whether its standard input stays open, so that somebody can type to its process. Hashed only where it is: the
    /// containers of other servers stay what they are.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub open_stdin: bool,
}

/// An environment. Its values may be secrets, so `Debug` shows only the names.
#[derive(Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct Env(BTreeMap<String, String>);

impl Env {
    /// Every name and value, ordered by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

impl<N: Into<String>, V: Into<String>> FromIterator<(N, V)> for Env {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        Self(
            pairs
                .into_iter()
                .map(|(name, value)| (name.into(), value.into()))
                .collect(),
        )
    }
}

impl From<Vec<(String, String)>> for Env {
    fn from(pairs: Vec<(String, String)>) -> Self {
        pairs.into_iter().collect()
    }
}

impl fmt::Debug for Env {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map()
            .entries(self.0.keys().map(|name| (name, "<hidden>")))
            .finish()
    }
}

#[derive(Serialize)]
struct Hashed<'a> {
    version: u32,
    spec: &'a ContainerSpec,
}

impl ContainerSpec {
    /// A hash of all that makes a container different: hexadecimal SHA-256 over canonical JSON.
    pub fn hash(&self) -> EngineResult<String> {
        let hashed = Hashed {
            version: SPEC_VERSION,
            spec: &self.canonical(),
        };
        let json = serde_json::to_vec(&hashed)
            .map_err(|error| EngineError::invalid(format!("the specification cannot be hashed: {error}")))?;
        Ok(hex(&Sha256::digest(&json)))
    }

    /// The hash of all but the limits that the engine can change while the container runs.
    pub fn shape(&self) -> EngineResult<String> {
        let limits = Limits::NONE;
        let rest = Self {
            cpu_millis: limits.cpu_millis,
            memory_bytes: limits.memory_bytes,
            ..self.clone()
        };
        rest.hash()
    }

    /// What the engine can change while the container runs.
    pub fn limits(&self) -> Limits {
        Limits {
            cpu_millis: self.cpu_millis,
            memory_bytes: self.memory_bytes,
        }
    }

    /// What [`Observed::spec_hash`](super::Observed::spec_hash) is for a container that is as specified.
    pub fn stamp(&self) -> EngineResult<String> {
        Ok(self.limits().stamp(&self.shape()?))
    }

    /// Whether this is what is observed of a container that was made from this specification: its stamp, or the hash
    /// where it was made before there were stamps.
    pub fn is_seen_as(&self, seen: &str) -> EngineResult<bool> {
        Ok(seen == self.stamp()? || seen == self.hash()?)
    }

    /// The same with every list sorted whose order means nothing.
    fn canonical(&self) -> Self {
        let mut spec = self.clone();
        spec.aliases.sort();
        spec.ports.sort();
        spec.volumes.sort();
        spec.cap_add.sort();
        spec.tmpfs.sort();
        spec
    }
}

/// Lower-case hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            text.push(char::from(HEX[usize::from(byte >> 4)]));
            text.push(char::from(HEX[usize::from(byte & 15)]));
            text
        })
}

const HEX: &[u8; 16] = b"0123456789abcdef";
