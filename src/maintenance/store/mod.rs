//! The queries of maintenance.

mod places;
mod runs;
mod windows;

pub use places::spots;
pub use runs::{
    concerned, covering, end, is_announced, lock_run, pending, periods_of, plan, running, runs, save_told,
    unplan, windows,
};
pub use windows::{
    cancel, find, has_location, insert, list, locations, lock, overlaps, planned, servers_like, short, update,
};
