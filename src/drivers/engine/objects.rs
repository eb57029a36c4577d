//! Networks, volumes and images, as they should be and as they are: plain data, no I/O.

use std::{collections::BTreeMap, fmt, net::Ipv4Addr};

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::{
    EngineError, EngineResult, NetworkKey, ServerKey, TenantKey, VolumeKey,
    spec::{image_tag, label},
};

/// A tenant's network, as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkSpec {
    /// Its key.
    pub key: NetworkKey,
    /// Whose it is.
    pub tenant: TenantKey,
    /// Without a way out: only its own containers can be reached.
    pub internal: bool,
    /// Its addresses, for example `10.210.4.0/24`. Without one the engine takes the next of its own pools, of which
    /// there are only about thirty unless its administrator gave it more.
    pub subnet: Option<String>,
}

impl NetworkSpec {
    /// Says what is wrong with it before an engine sees it.
    pub fn validate(&self) -> EngineResult<()> {
        match &self.subnet {
            Some(subnet) if !is_subnet(subnet) => Err(EngineError::Invalid(format!(
                "{subnet:?} is not a range of IPv4 addresses"
            ))),
            _ => Ok(()),
        }
    }
}

/// Room for the bridge and at least one container, and no more than the largest private network.
fn is_subnet(text: &str) -> bool {
    let parsed = text
        .split_once('/')
        .and_then(|(address, length)| Some((address.parse::<Ipv4Addr>().ok()?, length.parse::<u8>().ok()?)));
    parsed.is_some_and(|(address, length)| {
        (8..=30).contains(&length) && address.to_bits().trailing_zeros() >= u32::from(32 - length)
    })
}

/// A network of ours, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its key.
    pub key: NetworkKey,
    /// Whose it is.
    pub tenant: TenantKey,
    /// Whether it carries our installation's id; what was made before there were such ids does not.
    pub is_marked: bool,
    /// Its name on the engine.
    pub name: String,
    /// Its addresses.
    pub subnets: Vec<String>,
    /// Without a way out.
    pub internal: bool,
}

/// What keeps a volume's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VolumeDriver {
    /// The engine's own. Its size is not enforced.
    Local,
    /// Our volume plugin: a btrfs subvolume with a limit that the kernel enforces.
    Berth {
        /// The plugin's name on the engine.
        driver: String,
    },
    /// The same plugin: what a volume of it held when a snapshot was taken, to be read only. Whoever looks at a snapshot
    /// makes such a view under a key of its own, mounts it, and removes it; the snapshot stays.
    View {
        /// The plugin's name on the engine.
        driver: String,
        /// The volume.
        of: VolumeKey,
        /// The snapshot's name in the pool.
        snapshot: String,
    },
}

/// What a volume holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeUse {
    /// Its name on the engine.
    pub name: String,
    /// The server that it was made for, if it belongs to one.
    pub server: Option<ServerKey>,
    /// How much.
    pub bytes: u64,
}

/// A volume, as it should be. It cannot name a path of the host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VolumeSpec {
    /// Its key.
    pub key: VolumeKey,
    /// Whose it is.
    pub tenant: TenantKey,
    /// The server that it was made for, if it belongs to one.
    pub server: Option<ServerKey>,
    /// What keeps the data.
    pub driver: VolumeDriver,
    /// Its limit at creation, for a driver that enforces one.
    pub size_bytes: Option<u64>,
}

/// A volume of ours, as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its key.
    pub key: VolumeKey,
    /// Whose it is.
    pub tenant: TenantKey,
    /// The server that it was made for.
    pub server: Option<ServerKey>,
    /// Whether it carries our installation's id; what was made before there were such ids does not.
    pub is_marked: bool,
    /// Its name on the engine.
    pub name: String,
    /// The driver's name on the engine.
    pub driver: String,
}

/// An image to build.
#[derive(Clone)]
pub struct BuildRequest {
    /// The tag that it gets.
    pub tag: String,
    /// A tar of the build's files, with a `Dockerfile` in its root.
    pub context_tar: Bytes,
    /// Values for the Dockerfile's `ARG`s. They stay readable in the image: no secrets.
    pub build_args: BTreeMap<String, String>,
    /// Labels besides ours.
    pub labels: BTreeMap<String, String>,
    /// Whether every step is done again, with nothing taken from earlier builds.
    pub fresh: bool,
}

/// What a build says while it goes on. The stream's last item is `Done` or an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BuildEvent {
    /// A line of its output.
    Line(String),
    /// The image exists and has its tag.
    Done {
        /// The engine's id of the image.
        image_id: String,
    },
}

/// An image of ours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    /// The engine's id.
    pub id: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// Its size on disk.
    pub size_bytes: u64,
    /// When it was made.
    pub created_at: Option<DateTime<Utc>>,
    /// All of its labels.
    pub labels: BTreeMap<String, String>,
}

impl BuildRequest {
    /// Says what is wrong with it before an engine sees it.
    pub fn validate(&self) -> EngineResult<()> {
        image_tag(&self.tag)?;
        match self
            .labels
            .keys()
            .find(|key| key.is_empty() || key.starts_with(label::PREFIX))
        {
            Some(key) => Err(EngineError::Invalid(format!("label {key:?} is not free"))),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for BuildRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BuildRequest")
            .field("tag", &self.tag)
            .field("context_bytes", &self.context_tar.len())
            .field("labels", &self.labels)
            .finish_non_exhaustive()
    }
}
