//! What the ledger knows and decides: kinds of things, warnings, what a plan does about overuse, history, forecast and capacity. Pure.

mod capacity;
mod forecast;
mod history;
mod kind;
mod level;
mod overuse;

pub use capacity::{Capacity, SHARES, Stock};
pub use forecast::days_until_full;
pub use history::{Past, Range, Step, filled};
pub use kind::Kind;
pub use level::Level;
pub use overuse::{Act, Facts, Overuse, Policy, Room, Standing, Verdict, room};

/// Bytes of a MiB.
pub const MIB: i64 = 1024 * 1024;

/// What is used of what is allowed in whole percent; may be more than 100. All of nothing is 100.
pub fn percent(used: i64, allowed: i64) -> i64 {
    match (used, allowed) {
        (..=0, _) => 0,
        (_, ..=0) => 100,
        _ => i64::try_from(i128::from(used) * 100 / i128::from(allowed)).unwrap_or(i64::MAX),
    }
}
