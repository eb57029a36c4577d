//! What lists of tenants and plans are asked for, by pages and the API alike.

use serde::{Deserialize, Serialize};

use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::PlanId;
use crate::platform::web::{Cursor, ListQuery, Listing, SortKey, Sorted};

use super::model::{Plan, Status, Tenant};
use super::store::{self, Filter, Listed, Sort};

/// Which tenants.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TenantFilter {
    /// Only of this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Only of this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
}

/// Which tenants, in which order.
pub(super) type TenantQuery = Sorted<TenantFilter>;

impl TenantQuery {
    /// Whether a search or filter hides tenants.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.list.text().is_empty() || self.filter.status.is_some() || self.filter.plan.is_some()
    }

    fn sort(&self) -> Result<Sort, Error> {
        let after = self.list.after.as_deref();
        Ok(match self.order() {
            "-created" => Sort::Newest(Cursor::decode(after)?),
            "created" => Sort::Oldest(Cursor::decode(after)?),
            "name" => Sort::Name(Cursor::decode(after)?),
            "-name" => Sort::NameDown(Cursor::decode(after)?),
            _ => return Err(Error::invalid("sort", "Use name, -name, created or -created.")),
        })
    }

    /// The page that is asked for.
    pub(super) async fn run(&self, tx: &mut StaffTx) -> Result<Listing<Tenant>, Error> {
        let filter = Filter {
            pattern: self.list.pattern()?,
            status: self.filter.status,
            plan: self.filter.plan,
        };
        let sort = self.sort()?;
        let by_name = matches!(sort, Sort::Name(_) | Sort::NameDown(_));
        let rows = store::list_tenants(tx, &filter, sort, self.list.fetch()?).await?;
        let listing = Listing::new(rows, &self.list, |listed| key(listed, by_name))?;
        Ok(listing.map(|listed| listed.tenant))
    }
}

fn key(Listed { tenant, name_key }: &Listed, by_name: bool) -> SortKey {
    if by_name {
        SortKey::Text(name_key.clone(), tenant.id.0)
    } else {
        SortKey::Time(tenant.created_at, tenant.id.0)
    }
}

/// A page of the plans by name.
pub(super) async fn plans(tx: &mut StaffTx, query: &ListQuery) -> Result<Listing<Plan>, Error> {
    let after: Option<String> = Cursor::decode(query.after.as_deref())?;
    let rows = store::list_plans(tx, query.pattern()?.as_deref(), after.as_deref(), query.fetch()?).await?;
    Listing::new(rows, query, |plan| plan.name.clone())
}
