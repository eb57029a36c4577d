//! What the API says of tenants, plans and members.

use chrono::{DateTime, Utc};
use serde::Serialize;
use utoipa::ToSchema;

use crate::platform::access::TenantRole;
use crate::platform::ids::{PlanId, TenantId, UserId};

use super::super::model::{Amounts, Member, Plan, Status, Tenant};

/// A tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct TenantOut {
    /// Its id.
    id: TenantId,
    /// Its name in addresses.
    #[schema(example = "acme")]
    slug: String,
    /// Its name.
    #[schema(example = "Acme Ltd")]
    name: String,
    /// Its plan.
    plan: PlanRef,
    /// What the plan allows.
    limits: Amounts,
    /// What is used of it.
    usage: Amounts,
    /// What is used beyond it: the names of the limits. What is over a limit stays; only creating more is refused.
    #[schema(example = json!(["servers"]))]
    over_limit: Vec<&'static str>,
    /// What its people and servers may do.
    status: Status,
    /// Why it is suspended or closed.
    status_reason: Option<String>,
    /// Since when it has the status.
    status_at: DateTime<Utc>,
    /// When a closed tenant is erased.
    purge_after: Option<DateTime<Utc>>,
    /// Grows with each change; it is the entity tag.
    version: i64,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

/// A plan by name.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct PlanRef {
    /// Its id.
    id: PlanId,
    /// Its name.
    #[schema(example = "Starter")]
    name: String,
}

impl TenantOut {
    /// A tenant that uses `usage`.
    pub(super) fn new(tenant: Tenant, usage: Amounts) -> Self {
        Self {
            id: tenant.id,
            slug: tenant.slug,
            name: tenant.name,
            plan: PlanRef {
                id: tenant.plan,
                name: tenant.plan_name,
            },
            over_limit: usage
                .beyond(&tenant.limits)
                .iter()
                .map(|gauge| gauge.resource.name())
                .collect(),
            limits: tenant.limits,
            usage,
            status: tenant.status,
            status_reason: tenant.reason,
            status_at: tenant.status_at,
            purge_after: tenant.purge_after,
            version: tenant.version,
            created_at: tenant.created_at,
            updated_at: tenant.updated_at,
        }
    }
}

/// A plan: the limits that its tenants share.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PlanOut {
    /// Its id.
    id: PlanId,
    /// Its name.
    #[schema(example = "Starter")]
    name: String,
    /// What it is for.
    description: String,
    /// What it allows.
    limits: Amounts,
    /// Since when it takes no new tenants.
    archived_at: Option<DateTime<Utc>>,
    /// How many tenants have it, closed ones aside.
    tenants: i64,
    /// Grows with each change; it is the entity tag.
    version: i64,
    /// When it was created.
    created_at: DateTime<Utc>,
    /// When it last changed.
    updated_at: DateTime<Utc>,
}

impl From<Plan> for PlanOut {
    fn from(plan: Plan) -> Self {
        Self {
            id: plan.id,
            name: plan.name,
            description: plan.description,
            limits: plan.limits,
            archived_at: plan.archived_at,
            tenants: plan.tenants,
            version: plan.version,
            created_at: plan.created_at,
            updated_at: plan.updated_at,
        }
    }
}

/// A person in a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct MemberOut {
    /// Who.
    user_id: UserId,
    /// Their address.
    #[schema(example = "ada@example.com")]
    email: String,
    /// Their name.
    #[schema(example = "Ada Lovelace")]
    name: String,
    /// What they may do.
    role: TenantRole,
    /// Since when they are a member.
    since: DateTime<Utc>,
    /// Whether their account is disabled.
    disabled: bool,
}

impl From<Member> for MemberOut {
    fn from(member: Member) -> Self {
        Self {
            user_id: member.user,
            email: member.email,
            name: member.name,
            role: member.role,
            since: member.since,
            disabled: member.disabled,
        }
    }
}
