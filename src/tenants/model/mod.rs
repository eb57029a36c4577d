//! What tenants, plans and memberships are, and what may be done to them in which state. Pure.

mod amounts;
mod names;
mod roster;
mod tenant;

pub use amounts::{AmountError, Amounts, Gauge, Resource, Shift, check, parse_cpu, parse_whole, shifts};
pub use names::{Description, Name, Reason, Slug, TextError};
pub use roster::{Member, Office, RosterError};
pub use tenant::{
    NewPlan, NewStatus, NewTenant, Plan, PlanPatch, Status, StatusError, Tenant, TenantPatch, Verb,
};
