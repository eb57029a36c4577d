//! What fails together: several servers of one node, rack or site that fail alike within two minutes are one incident. Pure.

use std::collections::BTreeSet;

use chrono::TimeDelta;

use crate::platform::ids::{IncidentId, LocationId, ServerId};

use super::model::Kind;

/// What begins to fail within so long belongs together.
pub const TOGETHER: TimeDelta = TimeDelta::minutes(2);

/// So many servers are no coincidence.
pub const ENOUGH: usize = 3;

/// Where a location stands, as far as anybody wrote it down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The location: a node.
    pub location: LocationId,
    /// What it is called.
    pub name: String,
    /// The site; empty if nobody said.
    pub site: String,
    /// The room.
    pub room: String,
    /// The rack.
    pub rack: String,
}

/// How far a failure reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// One location.
    Node,
    /// One rack.
    Rack,
    /// One site.
    Site,
}

impl Level {
    /// From the widest on.
    pub const ALL: [Self; 3] = [Self::Site, Self::Rack, Self::Node];

    /// The key of the group of what fails alike that a place belongs to; none where nobody wrote down what it takes.
    pub fn cause(self, place: &Place, kind: Kind) -> Option<String> {
        let kind = match kind {
            Kind::Ended => "",
            Kind::Silent => "silent:",
        };
        match self {
            Self::Node => Some(format!("group:{kind}node:{}", place.location.0)),
            Self::Rack => (!place.rack.is_empty())
                .then(|| format!("group:{kind}rack:{}/{}/{}", place.site, place.room, place.rack)),
            Self::Site => (!place.site.is_empty()).then(|| format!("group:{kind}site:{}", place.site)),
        }
    }

    /// What it is, for people.
    pub fn name(self, place: &Place) -> String {
        match self {
            Self::Node => place.name.clone(),
            Self::Rack if place.site.is_empty() => format!("Rack {}", place.rack),
            Self::Rack => format!("Rack {} at {}", place.rack, place.site),
            Self::Site => format!("Site {}", place.site),
        }
    }
}

/// A server that began to fail lately.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failing {
    /// Its incident.
    pub incident: IncidentId,
    /// The server.
    pub server: ServerId,
    /// Where it is.
    pub place: Place,
    /// The group that its incident is a part of.
    pub group: Option<IncidentId>,
}

/// Servers that fail together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Group {
    /// How far it reaches.
    pub level: Level,
    /// The incident's cause.
    pub cause: String,
    /// What failed, for people.
    pub name: String,
    /// All of it.
    pub members: Vec<IncidentId>,
    /// How many servers.
    pub servers: usize,
    /// A smaller group that is a part of it, and becomes it.
    pub known: Option<IncidentId>,
}

/// What a new failure at `place` belongs to, together with what began to fail alike lately, itself included. A wider group needs
/// more than one part: a rack of which one node fails is that node.
pub fn group_of(place: &Place, kind: Kind, fresh: &[Failing]) -> Option<Group> {
    Level::ALL.into_iter().find_map(|level| {
        let cause = level.cause(place, kind)?;
        let part = |one: &Failing| match level {
            Level::Node => one.server.0.to_string(),
            Level::Rack => one.place.location.0.to_string(),
            Level::Site => Level::Rack
                .cause(&one.place, kind)
                .unwrap_or_else(|| one.place.location.0.to_string()),
        };
        let inside = fresh
            .iter()
            .filter(|one| level.cause(&one.place, kind).as_deref() == Some(&*cause));
        let inside: Vec<&Failing> = inside.collect();
        let servers: BTreeSet<ServerId> = inside.iter().map(|one| one.server).collect();
        let parts: BTreeSet<String> = inside.iter().map(|one| part(one)).collect();
        (servers.len() >= ENOUGH && parts.len() > 1).then(|| Group {
            level,
            name: level.name(place),
            members: inside.iter().map(|one| one.incident).collect(),
            servers: servers.len(),
            known: inside.iter().find_map(|one| one.group),
            cause,
        })
    })
}

/// `Rack B at Hamburg is down: 14 servers`.
pub fn told(name: &str, servers: usize) -> String {
    let noun = if servers == 1 { "server" } else { "servers" };
    format!("{name} is down: {servers} {noun}")
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn place(node: u128, rack: &str, site: &str) -> Place {
        Place {
            location: LocationId(Uuid::from_u128(node)),
            name: format!("node-{node}"),
            site: site.to_owned(),
            room: String::new(),
            rack: rack.to_owned(),
        }
    }

    fn failing(server: u128, place: Place) -> Failing {
        Failing {
            incident: IncidentId(Uuid::from_u128(100 + server)),
            server: ServerId(Uuid::from_u128(server)),
            place,
            group: None,
        }
    }

    fn named(all: &[Failing]) -> Option<String> {
        let last = all.last().unwrap();
        group_of(&last.place, Kind::Ended, all).map(|group| told(&group.name, group.servers))
    }

    #[test]
    fn three_servers_of_a_node_are_its_failure() {
        let mut all = vec![failing(1, place(1, "", "")), failing(2, place(1, "", ""))];
        assert_eq!(named(&all), None);
        all.push(failing(2, place(1, "", "")));
        assert_eq!(named(&all), None, "two incidents of one server are one server");
        all.push(failing(3, place(1, "", "")));
        assert_eq!(named(&all).unwrap(), "node-1 is down: 3 servers");
    }

    #[test]
    fn nodes_of_one_rack_are_the_rack_and_racks_of_one_site_the_site() {
        let mut all: Vec<Failing> = (1..=14)
            .map(|server| failing(server, place(server % 4, "B", "Hamburg")))
            .collect();
        assert_eq!(named(&all).unwrap(), "Rack B at Hamburg is down: 14 servers");
        all.push(failing(15, place(9, "C", "Hamburg")));
        assert_eq!(named(&all).unwrap(), "Site Hamburg is down: 15 servers");
        all.push(failing(16, place(10, "B", "Kiel")));
        assert_eq!(named(&all), None, "another site's rack of the same name");
    }

    #[test]
    fn one_node_of_a_rack_is_not_the_rack() {
        let all: Vec<Failing> = (1..=5)
            .map(|server| failing(server, place(1, "B", "Hamburg")))
            .collect();
        let group = group_of(&all[0].place, Kind::Ended, &all).unwrap();
        assert_eq!((group.level, group.members.len()), (Level::Node, 5));
    }

    #[test]
    fn a_smaller_group_grows() {
        let mut all: Vec<Failing> = (1..=3).map(|server| failing(server, place(1, "B", ""))).collect();
        let group = IncidentId(Uuid::from_u128(999));
        for one in &mut all {
            one.group = Some(group);
        }
        all.push(failing(4, place(2, "B", "")));
        let found = group_of(&all[3].place, Kind::Silent, &all).unwrap();
        assert_eq!((found.level, found.known), (Level::Rack, Some(group)));
        assert_eq!((&*found.name, &*found.cause), ("Rack B", "group:silent:rack://B"));
    }
}
