//! What signals, time and people do to incidents.

mod report;
mod settle;
mod staff;

pub use report::report;
pub use settle::settle;
pub use staff::{close, set_place};
