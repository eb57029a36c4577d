//! Who may do what: actors, permissions, the policy, the rules that routes state, and the scopes that handlers get.
//!
//! Five locks stand one behind another, and each is enough: the route states a [`Rule`]; the data needs a scope that only
//! the guard makes; row-level security binds the scope's transaction; a test walks every route; the policy is a snapshot.

mod actor;
mod permission;
mod policy;
mod rule;
mod scope;

pub use actor::{
    Actor, Authenticate, AuthenticateMailbox, Glass, Guest, MailboxOwner, Member, Pass, Standing, Via, Who,
};
pub use permission::{Permission, Side};
pub use policy::{StaffRole, TenantRole, UnknownRole, guest_may, matrix, staff_may, tenant_may};
pub use rule::Rule;
pub use scope::{MailboxScope, StaffScope, SystemScope, TenantScope, UserScope, Visitor};
