//! Who reaches whom: two servers do if they share a network, and the world reaches what is published.

use crate::platform::ids::{NetworkId, ServerId};

use super::COMMON;

/// A port that the world reaches.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What the template calls it.
    pub name: String,
    /// The port of the host.
    pub host_port: i32,
    /// The port inside.
    pub container_port: i32,
    /// `tcp` or `udp`.
    pub protocol: String,
}

/// A server on the map.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MapServer {
    /// Which.
    pub id: ServerId,
    /// What people call it.
    pub name: String,
    /// What other servers call it.
    pub host_name: String,
    /// Whether it runs.
    pub is_running: bool,
    /// What the world reaches of it.
    pub ports: Vec<Published>,
}

/// A server in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Which server.
    pub server: ServerId,
    /// Which network; the common one without an id.
    pub network: Option<NetworkId>,
    /// Whether it should be in it.
    pub is_wanted: bool,
    /// Whether it is.
    pub is_in: bool,
}

/// A tenant's servers, networks, and who is in which.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Map {
    /// The servers, by name.
    pub servers: Vec<MapServer>,
    /// The networks that the tenant made, by name.
    pub networks: Vec<(NetworkId, String)>,
    /// What was said about servers in networks. Of the common one nothing is said while all is as usual.
    pub links: Vec<Link>,
    /// Whether there are more servers than are on it.
    pub is_cut: bool,
}

/// One server's part of the map, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reach<'a> {
    /// Which server.
    pub server: &'a MapServer,
    /// The networks that it is in.
    pub networks: Vec<&'a str>,
    /// The servers that it reaches, and that reach it.
    pub others: Vec<&'a MapServer>,
}

impl Map {
    /// Whether and how a server is in a network; nothing if it has nothing to do with it.
    pub fn link(&self, server: ServerId, network: Option<NetworkId>) -> Option<Link> {
        let said = self.links.iter().copied();
        let mut said = said.filter(|link| link.server == server && link.network == network);
        let usual = network.is_none().then_some(Link {
            server,
            network,
            is_wanted: true,
            is_in: true,
        });
        said.next().or(usual).filter(|link| link.is_wanted || link.is_in)
    }

    /// The common network, and then the others.
    pub fn lanes(&self) -> impl Iterator<Item = (Option<NetworkId>, &str)> {
        let named = self.networks.iter().map(|(id, name)| (Some(*id), name.as_str()));
        std::iter::once((None, COMMON)).chain(named)
    }

    fn is_in(&self, server: ServerId, network: Option<NetworkId>) -> bool {
        self.link(server, network).is_some_and(|link| link.is_in)
    }

    /// Each server with whom it reaches now.
    pub fn reach(&self) -> Vec<Reach<'_>> {
        let each = self.servers.iter().map(|server| {
            let lanes: Vec<_> = self
                .lanes()
                .filter(|(lane, _)| self.is_in(server.id, *lane))
                .collect();
            let others = self.servers.iter().filter(|other| {
                let meets = || lanes.iter().any(|(lane, _)| self.is_in(other.id, *lane));
                other.id != server.id && meets()
            });
            Reach {
                server,
                others: others.collect(),
                networks: lanes.into_iter().map(|(_, name)| name).collect(),
            }
        });
        each.collect()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use uuid::Uuid;

    use super::*;

    pub(in super::super) fn server(number: u128, name: &str) -> MapServer {
        MapServer {
            id: ServerId(Uuid::from_u128(number)),
            name: name.to_owned(),
            host_name: name.to_owned(),
            is_running: true,
            ports: Vec::new(),
        }
    }

    /// A web site and its database in a network of their own, which the database is only in; and a stranger.
    pub(in super::super) fn shop() -> Map {
        let back = NetworkId(Uuid::from_u128(7));
        let servers = vec![server(1, "db"), server(2, "site"), server(3, "stranger")];
        let link = |server: &MapServer, network, is_in| Link {
            server: server.id,
            network,
            is_wanted: is_in,
            is_in,
        };
        Map {
            links: vec![
                link(&servers[0], Some(back), true),
                link(&servers[1], Some(back), true),
                link(&servers[0], None, false),
            ],
            networks: vec![(back, "Back office".to_owned())],
            servers,
            is_cut: false,
        }
    }

    #[test]
    fn those_who_share_a_network_reach_each_other() {
        let map = shop();
        let told: Vec<String> = map
            .reach()
            .iter()
            .map(|reach| {
                let others: Vec<_> = reach.others.iter().map(|one| one.name.as_str()).collect();
                format!("{} in {:?} reaches {others:?}", reach.server.name, reach.networks)
            })
            .collect();
        assert_eq!(
            told,
            [
                r#"db in ["Back office"] reaches ["site"]"#,
                r#"site in ["Common network", "Back office"] reaches ["db", "stranger"]"#,
                r#"stranger in ["Common network"] reaches ["site"]"#,
            ]
        );
    }

    #[test]
    fn who_is_yet_to_leave_is_still_reached() {
        let mut map = shop();
        map.links[2].is_in = true;
        assert_eq!(map.reach()[2].others.len(), 2);
        assert!(!map.link(map.servers[0].id, None).unwrap().is_wanted);
    }
}
