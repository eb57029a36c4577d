//! Customer organisations: plans with limits, status, members.
//!
//! What must hold: a tenant always has an owner once it had one; its slug never changes; a limit that is lowered below
//! use takes nothing away and only stops creation; suspending and closing stop the tenant's servers and lose nothing;
//! a closed tenant is erased after its retention, its servers first, and its audit events stay.

mod actions;
mod model;
mod store;

pub use model::{Amounts, Gauge, Resource};
pub use store::{find_tenant, usage};
