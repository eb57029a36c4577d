//! Tenants, plans and members as pages: for staff below `/staff`, for a tenant's own people below `/t/{tenant}`.

pub(super) mod list;
pub(super) mod members;
pub(super) mod new;
pub(super) mod own;
pub(super) mod own_members;
mod people;
pub(super) mod plan;
pub(super) mod plan_change;
pub(super) mod plans;
pub(super) mod settings;
pub(super) mod show;
pub(super) mod status;

use std::collections::HashMap;

use crate::platform::ids::TenantId;

use super::model::{Amounts, Gauge, Resource, Tenant};

/// A tenant in a list, with what it uses.
#[derive(Debug)]
pub(super) struct TenantRow {
    tenant: Tenant,
    gauges: Vec<Gauge>,
}

impl TenantRow {
    fn all(tenants: Vec<Tenant>, usages: &HashMap<TenantId, Amounts>) -> Vec<Self> {
        let row = |tenant: Tenant| {
            let used = usages.get(&tenant.id).copied().unwrap_or_default();
            Self {
                gauges: used.gauges(&tenant.limits),
                tenant,
            }
        };
        tenants.into_iter().map(row).collect()
    }

    /// `3 of 10`.
    fn show(&self, resource: Resource) -> String {
        let gauge = self.gauges.iter().find(|gauge| gauge.resource == resource);
        gauge.map(Gauge::text).unwrap_or_default()
    }

    /// Whether it uses more than its plan allows.
    fn is_over(&self) -> bool {
        self.gauges.iter().any(|gauge| gauge.over() > 0)
    }

    /// Which limits it is over, in words; empty if none.
    fn over_text(&self) -> String {
        let over: Vec<_> = self
            .gauges
            .iter()
            .filter(|gauge| gauge.over() > 0)
            .map(|gauge| {
                format!(
                    "{} over by {}",
                    gauge.resource.label(),
                    gauge.resource.show(gauge.over())
                )
            })
            .collect();
        over.join(", ")
    }
}
