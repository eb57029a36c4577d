//! The queries of networks.

mod lookup;
mod map;
mod members;
mod queue;
mod seats;
mod write;

pub use lookup::{find, list, lock, lock_tenant, max_networks};
pub use map::map;
pub use members::{
    aliases, all_keys, all_places, common_members, join_as, members, places, set_common, set_member, settle,
    settle_in, subnet,
};
pub use queue::{Claimed, claim, count_members, erase, put_off};
pub use seats::{ports, seats};
pub use write::{NewNetwork, insert, let_all_go, save_name, start_deletion};
