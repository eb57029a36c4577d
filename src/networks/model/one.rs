//! One server among its tenant's networks: which it is in, which it could join, and whom it reaches by that.

use super::{COMMON, Member, Network, NetworkRef, Places};
use crate::platform::ids::{NetworkId, ServerId};

/// One of the tenant's networks, as a server's page shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seat {
    /// Which network.
    pub network: NetworkRef,
    /// What people call it.
    pub name: String,
    /// Whether the server should be in it.
    pub is_wanted: bool,
    /// Whether it is.
    pub is_in: bool,
    /// Whether it is the only one that the server should be in, so that it can't leave.
    pub is_only: bool,
    /// The others that are in it, by name.
    pub others: Vec<Member>,
}

impl Seat {
    /// Tone and words.
    pub fn words(&self, is_running: bool) -> (&'static str, &'static str) {
        Member::state_words(self.is_wanted, self.is_in, is_running)
    }
}

/// All networks that a server has to do with, or could have.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Seats {
    /// Those that it is in, is to join or is to leave: the common one first, then by name.
    pub within: Vec<Seat>,
    /// Those that it could join, with how many servers are in each.
    pub without: Vec<(NetworkRef, String, i64)>,
}

impl Seats {
    /// Sorts out what was said: the server's places, the tenant's networks by name, and who else is in those that it is in.
    pub fn new(
        places: &Places,
        networks: Vec<Network>,
        common: Vec<Member>,
        mut others: Vec<(NetworkId, Member)>,
    ) -> Self {
        let wanted: Vec<_> = places.wanted().collect();
        let seat = |network: Option<NetworkId>, name: &str, others| {
            let said = places.all().find(|place| place.network == network);
            Seat {
                network: network.map_or(NetworkRef::Common, NetworkRef::Private),
                name: name.to_owned(),
                is_wanted: wanted.contains(&network),
                is_in: said.map_or(network.is_none(), |place| place.is_in),
                is_only: places.is_only(network),
                others,
            }
        };
        let mut seats = Self::default();
        let in_common = common.iter().filter(|one| one.is_wanted).count();
        let in_common = i64::try_from(in_common).unwrap_or(i64::MAX);
        let met = common.into_iter().filter(|one| one.is_in).collect();
        seats.place(seat(None, COMMON, met), in_common, false);
        for network in networks {
            let met = others.extract_if(.., |(id, _)| *id == network.id);
            let met = met.map(|(_, member)| member).collect();
            let leaves = network.deleting_at.is_some();
            seats.place(
                seat(Some(network.id), &network.name, met),
                network.members,
                leaves,
            );
        }
        seats
    }

    fn place(&mut self, seat: Seat, members: i64, leaves: bool) {
        if seat.is_wanted || seat.is_in {
            self.within.push(seat);
        } else if !leaves {
            self.without.push((seat.network, seat.name, members));
        }
    }

    /// Everybody whom the server reaches now, and who reaches it: once, by name.
    pub fn reached(&self) -> Vec<(ServerId, &str)> {
        let now = self.within.iter().filter(|seat| seat.is_in);
        let mut all: Vec<_> = now
            .flat_map(|seat| &seat.others)
            .map(|one| (one.server, one.name.as_str()))
            .collect();
        all.sort_unstable_by_key(|(id, name)| (name.to_lowercase(), *id));
        all.dedup();
        all
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use uuid::Uuid;

    use super::super::Place;
    use super::*;
    use crate::platform::ids::{LocationId, TenantId};

    const BACK: NetworkId = NetworkId(Uuid::from_u128(7));

    fn network(id: NetworkId, name: &str, leaves: bool) -> Network {
        Network {
            id,
            tenant: TenantId(Uuid::nil()),
            location: LocationId(Uuid::nil()),
            name: name.to_owned(),
            subnet: None,
            version: 1,
            created_at: DateTime::UNIX_EPOCH,
            deleting_at: leaves.then_some(DateTime::UNIX_EPOCH),
            error: None,
            members: 3,
            stack: None,
        }
    }

    fn member(number: u128, name: &str) -> Member {
        Member {
            server: ServerId(Uuid::from_u128(number)),
            name: name.to_owned(),
            host_name: name.to_owned(),
            is_wanted: true,
            is_in: true,
            is_running: true,
        }
    }

    fn place(network: Option<NetworkId>, is_wanted: bool, is_in: bool) -> Place {
        Place {
            network,
            is_wanted,
            is_in,
        }
    }

    #[test]
    fn of_whom_nothing_was_said_is_in_the_common_network_and_can_join_the_others() {
        let networks = vec![
            network(BACK, "Back", false),
            network(NetworkId(Uuid::from_u128(8)), "Going", true),
        ];
        let mut away = member(3, "away");
        away.is_in = false;
        let seats = Seats::new(&Places::default(), networks, vec![member(2, "web"), away], vec![]);
        assert_eq!(seats.within.len(), 1);
        assert!(seats.within[0].is_only && seats.within[0].is_in);
        assert_eq!(seats.reached(), [(ServerId(Uuid::from_u128(2)), "web")]);
        assert_eq!(seats.without, [(NetworkRef::Private(BACK), "Back".to_owned(), 3)]);
    }

    #[test]
    fn whom_it_meets_twice_is_told_once_and_who_is_yet_to_join_reaches_nobody() {
        let other = NetworkId(Uuid::from_u128(8));
        let networks = vec![network(BACK, "Back", false), network(other, "Front", false)];
        let said = Places(vec![
            place(Some(BACK), true, true),
            place(Some(other), true, false),
        ]);
        let met = vec![
            (BACK, member(2, "web")),
            (BACK, member(4, "Alpha")),
            (other, member(5, "far")),
        ];
        let seats = Seats::new(&said, networks, vec![member(2, "web")], met);
        assert_eq!(seats.within.len(), 3);
        assert!(seats.within.iter().all(|seat| !seat.is_only));
        let names: Vec<_> = seats.reached().into_iter().map(|(_, name)| name).collect();
        assert_eq!(names, ["Alpha", "web"]);
        assert_eq!(seats.within[2].words(true), ("busy", "Joining"));
    }

    #[test]
    fn who_left_the_common_network_can_come_back() {
        let said = Places(vec![place(Some(BACK), true, true), place(None, false, false)]);
        let seats = Seats::new(&said, vec![network(BACK, "Back", false)], vec![], vec![]);
        assert_eq!(seats.within.len(), 1);
        assert!(seats.within[0].is_only);
        assert_eq!(seats.without[0].0, NetworkRef::Common);
    }
}
