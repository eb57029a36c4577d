//! The queries of incidents.

mod groups;
mod places;
mod rows;
mod standing;
mod write;

pub use groups::{
    adopt, fresh, has_open_children, join, location_of, open_by_cause, open_groups, parent, serialize,
    servers_of, widen,
};
pub use places::{Inventory, place, places, save_place, save_stood};
pub use rows::{children, count_children, downtime, find, incidents_of, list, newest, of_server, spans};
pub use standing::{orphans, owing, standing, standing_engines, untold};
pub use write::{
    close, dismiss, dismiss_children, forget, forgive, insert, paid, relapse, release, told, update,
};
