//! The queries of tenants, plans and members.

mod members;
mod plans;
mod servers;
mod tenants;
mod usage;

pub(super) use members::{change_role, find_member, list_members, lock_owners, remove_member};
pub(super) use plans::{all_plans, archive_plan, insert_plan, list_plans, plans_for_choice, save_plan};
pub(crate) use plans::{find_plan, lock_plan};
pub(super) use servers::{delete_servers, wake_servers};
pub use tenants::find_tenant;
pub(super) use tenants::{
    Filter, Listed, Sort, delete_tenant, due_for_purge, free_slug, insert_tenant, list_tenants, lock_tenant,
    save_status, save_tenant,
};
pub use usage::usage;
pub(super) use usage::usages;
