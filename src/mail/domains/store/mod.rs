//! The queries of domains and their keys. A private key goes in and never comes out.

mod keys;
mod lookup;
mod place;
mod sight;
mod write;

pub use keys::{NewKey, activate, delete_key, insert_key, keys};
pub use lookup::{OfStaff, Sort, StaffRow, find, list, lock, staff_list, verified_of};
pub use place::{place, place_named, places_named, places_offered};
pub use sight::{claim_looks, save_sight};
pub use write::{NewDomain, Settings, erase_kept, insert, lock_kept, prove, remove, save, save_checks};
