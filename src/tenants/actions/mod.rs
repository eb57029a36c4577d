//! The verbs. Each is one transaction: load and lock, decide (model), store, tell (events), audit, commit.

mod lifecycle;
mod members;
mod plans;
mod tenants;

use crate::audit::Target;
use crate::platform::error::Error;

use super::model::{Plan, Tenant};

pub(super) use lifecycle::retention;
pub use lifecycle::{change_status, change_status_in, purge_closed};
pub use members::{By, change_role, remove};
pub(super) use plans::archive;
pub use plans::{create_plan, update_plan};
pub use tenants::{create, update};

/// Whether the version that is there may be changed by the caller: `IfMatch` of the API, or the version in a form.
pub(super) type Expected<'a> = &'a (dyn Fn(i64) -> Result<(), Error> + Sync);

/// Tenant things changed; pages and reconcilers listen.
const TENANT_TOPIC: &str = "tenant";
/// A membership changed.
const MEMBER_TOPIC: &str = "member";
/// A plan changed.
const PLAN_TOPIC: &str = "plan";

fn target(tenant: &Tenant) -> Target<'_> {
    Target {
        kind: "tenant",
        id: Some(tenant.id.0),
        label: &tenant.name,
        tenant: Some(tenant.id),
    }
}

fn plan_target(plan: &Plan) -> Target<'_> {
    Target {
        kind: "plan",
        id: Some(plan.id.0),
        label: &plan.name,
        tenant: None,
    }
}
