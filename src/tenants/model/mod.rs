//! What tenants, plans and memberships are, and what may be done to them in which state. Pure.

mod amounts;
mod input;
mod names;
mod roster;
mod tenant;

pub(crate) use amounts::LimitsIn;
pub use amounts::{Amounts, Gauge, Resource};
pub(super) use amounts::{Shift, shifts};
pub(super) use input::CORES;
pub use names::{Name, Reason, Slug};
pub use roster::Member;
pub(super) use roster::Office;
pub(super) use tenant::NewStatus;
pub use tenant::{NewPlan, NewTenant, Plan, PlanPatch, Status, Tenant, TenantPatch, Verb};
