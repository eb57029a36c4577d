//! What tenants, plans and memberships are, and what may be done to them in which state. Pure.

mod amounts;
mod input;
mod names;
mod roster;
mod tenant;

pub use amounts::{Amounts, Gauge, Resource, Shift, shifts};
pub use input::CORES;
pub use names::{Name, Reason, Slug};
pub use roster::{Member, Office};
pub use tenant::{NewPlan, NewStatus, NewTenant, Plan, PlanPatch, Status, Tenant, TenantPatch, Verb};
