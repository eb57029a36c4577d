//! The volume driver on real btrfs: quotas to the byte, restarts, damage, hostile names, and the engine's own commands.
//!
//! All of it needs root, loop devices and btrfs. Where they are missing the tests fail, because what they show would be
//! missing too.

mod damage;
mod engine;
mod killed;
mod limits;
mod pool;
mod protocol;
mod setup;
mod snapshots;

pub(crate) use engine::start as start_driver;
pub(crate) use killed::points;
