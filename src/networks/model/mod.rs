//! Networks, who is in them, and who reaches whom by that. Pure.

mod map;
mod picture;

use chrono::{DateTime, Utc};

use crate::platform::ids::{LocationId, NetworkId, ServerId, TenantId};

pub use map::{Link, Map, MapServer, Published};
pub use picture::Picture;

/// How the common network is called.
pub const COMMON: &str = "Common network";
/// Its place in addresses.
const COMMON_WORD: &str = "common";

/// A network that a tenant made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Network {
    /// Its id.
    pub id: NetworkId,
    /// Whose it is.
    pub tenant: TenantId,
    /// Where it is: only servers of the same place can be in it.
    pub location: LocationId,
    /// What people call it.
    pub name: String,
    /// Its addresses, once its first server has joined.
    pub subnet: Option<String>,
    /// Raised by every change of its settings.
    pub version: i64,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Since when it is on its way out.
    pub deleting_at: Option<DateTime<Utc>>,
    /// Why it could not be removed yet.
    pub error: Option<String>,
    /// How many servers should be in it.
    pub members: i64,
    /// The stack that it belongs to, if it is a stack's own.
    pub stack: Option<String>,
}

/// One of a tenant's networks, as addresses name it: `common`, or an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NetworkRef {
    /// The one that servers are in if nobody says otherwise.
    Common,
    /// One that somebody made.
    Private(NetworkId),
}

impl NetworkRef {
    /// The id, if it has one.
    pub fn id(self) -> Option<NetworkId> {
        match self {
            Self::Common => None,
            Self::Private(id) => Some(id),
        }
    }
}

impl std::fmt::Display for NetworkRef {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Common => f.write_str(COMMON_WORD),
            Self::Private(id) => id.fmt(f),
        }
    }
}

impl<'de> serde::Deserialize<'de> for NetworkRef {
    fn deserialize<D: serde::Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        if text == COMMON_WORD {
            return Ok(Self::Common);
        }
        text.parse().map(Self::Private).map_err(serde::de::Error::custom)
    }
}

impl serde::Serialize for NetworkRef {
    fn serialize<S: serde::Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(self)
    }
}

/// A server in a network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Which.
    pub server: ServerId,
    /// What people call it.
    pub name: String,
    /// What the others call it.
    pub host_name: String,
    /// Whether it should be in it.
    pub is_wanted: bool,
    /// Whether it is.
    pub is_in: bool,
    /// Whether it runs.
    pub is_running: bool,
}

impl Member {
    /// `in`, `joining` or `leaving`.
    pub fn state(&self) -> &'static str {
        match (self.is_wanted, self.is_in) {
            (true, true) => "in",
            (true, false) => "joining",
            (false, _) => "leaving",
        }
    }

    /// The same for pages: tone and words.
    pub fn words(&self) -> (&'static str, &'static str) {
        match (self.is_wanted, self.is_in) {
            (true, true) if self.is_running => ("good", "Connected"),
            (true, true) => ("idle", "Connected, not running"),
            (true, false) if self.is_running => ("busy", "Joining"),
            (true, false) => ("idle", "Joins when it starts"),
            (false, _) => ("busy", "Leaving"),
        }
    }
}

/// Whether a server is in one network: the common one without an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which.
    pub network: Option<NetworkId>,
    /// Whether it should be.
    pub is_wanted: bool,
    /// Whether it is, as far as was noted.
    pub is_in: bool,
}

/// All that was ever said about one server's networks. Of the common one nothing is said while all is as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places(pub Vec<Place>);

impl Places {
    /// Each.
    pub fn all(&self) -> impl Iterator<Item = Place> + '_ {
        self.0.iter().copied()
    }

    /// The networks that the server should be in.
    pub fn wanted(&self) -> impl Iterator<Item = Option<NetworkId>> + '_ {
        let is_out = self
            .all()
            .any(|place| place.network.is_none() && !place.is_wanted);
        let common = (!is_out).then_some(None);
        let named = self
            .all()
            .filter(|place| place.network.is_some() && place.is_wanted);
        common.into_iter().chain(named.map(|place| place.network))
    }

    /// Whether nothing was said: the server is in the common network and nowhere else.
    pub fn is_plain(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all is as it should be, as far as was noted.
    pub fn is_settled(&self) -> bool {
        self.all().all(|place| place.is_wanted == place.is_in)
    }

    /// Whether the server was noted to be in any.
    pub fn is_any_noted(&self) -> bool {
        self.all().any(|place| place.is_in)
    }

    /// Whether it would be in none without this one.
    pub fn is_only(&self, network: Option<NetworkId>) -> bool {
        self.wanted().all(|one| one == network)
    }
}

/// The text of a network's key on the engine. It begins with the tenant's own, which is the common network's: the engine takes
/// the first of a server's networks by name as its way out, and that should stay the common one.
pub fn key_text(tenant: TenantId, network: NetworkId) -> String {
    format!("{tenant}-{network}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    const FIRST: Option<NetworkId> = Some(NetworkId(Uuid::from_u128(1)));

    fn place(network: Option<NetworkId>, is_wanted: bool, is_in: bool) -> Place {
        Place {
            network,
            is_wanted,
            is_in,
        }
    }

    #[test]
    fn a_server_is_in_the_common_network_unless_somebody_took_it_out() {
        assert_eq!(Places::default().wanted().collect::<Vec<_>>(), [None]);
        let both = Places(vec![place(FIRST, true, false)]);
        assert_eq!(both.wanted().collect::<Vec<_>>(), [None, FIRST]);
        let only = Places(vec![place(FIRST, true, true), place(None, false, true)]);
        assert_eq!(only.wanted().collect::<Vec<_>>(), [FIRST]);
        assert!(only.is_only(FIRST) && !both.is_only(FIRST) && !both.is_only(None));
        assert!(Places::default().is_only(None));
    }

    #[test]
    fn networks_are_named_by_their_word_or_id() {
        let read = |text: &str| serde_json::from_value::<NetworkRef>(text.into());
        assert_eq!(read("common").unwrap(), NetworkRef::Common);
        let id = NetworkId(Uuid::from_u128(1));
        assert_eq!(read(&id.to_string()).unwrap(), NetworkRef::Private(id));
        assert!(read("srv_01h455vb4pex5vsknk084sn02q").is_err());
    }
}
