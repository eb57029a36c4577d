//! The queries of stacks. Their servers' are in `servers::store`.

mod lookup;
mod write;

pub use lookup::{Sort, find, host_labels, list, list_all, list_deleted, lock, names, of_network};
pub use write::{NewStack, forget, insert, put_away, restore, save_name, start_erasing};
