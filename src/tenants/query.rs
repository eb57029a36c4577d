//! What lists of tenants and plans are asked for, by pages and the API alike.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::PlanId;
use crate::platform::web::{Cursor, ListQuery, Listing};

use super::model::{Plan, Status, Tenant};
use super::store::{self, Filter, Listed, Sort};

/// Which tenants, in which order.
#[derive(Debug, Clone, Default, Deserialize, Serialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct TenantQuery {
    /// Finds it in name or slug.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub q: Option<String>,
    /// `-created` (newest first, if nothing is said), `created`, `name` or `-name`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sort: Option<String>,
    /// Only of this status.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<Status>,
    /// Only of this plan.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub plan: Option<PlanId>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u16>,
}

impl TenantQuery {
    /// What every list is asked for.
    pub(super) fn list(&self) -> ListQuery {
        ListQuery {
            q: self.q.clone(),
            sort: self.sort.clone(),
            after: self.after.clone(),
            limit: self.limit,
        }
    }

    /// The order's name.
    pub(super) fn order(&self) -> &str {
        self.sort.as_deref().unwrap_or("-created")
    }

    /// The search text as it was typed.
    pub(super) fn text(&self) -> &str {
        self.q.as_deref().unwrap_or_default()
    }

    /// Whether a search or filter hides tenants.
    pub(super) fn is_narrowed(&self) -> bool {
        !self.text().is_empty() || self.status.is_some() || self.plan.is_some()
    }

    /// How a column is sorted, as `aria-sort` says it; empty if the list is not sorted by it.
    pub(super) fn direction(&self, column: &str) -> &'static str {
        match self.order().strip_prefix('-') {
            Some(name) if name == column => "descending",
            None if self.order() == column => "ascending",
            _ => "",
        }
    }

    /// The address that sorts by a column, or turns its order round.
    pub(super) fn sort_href(&self, column: &str) -> String {
        let sort = if self.direction(column) == "ascending" {
            format!("-{column}")
        } else {
            column.to_owned()
        };
        let query = Self {
            sort: Some(sort),
            after: None,
            ..self.clone()
        };
        format!("?{}", serde_html_form::to_string(&query).unwrap_or_default())
    }

    fn sort(&self) -> Result<Sort, Error> {
        let after = self.after.as_deref();
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
        let list = self.list();
        let filter = Filter {
            pattern: list.pattern()?,
            status: self.status,
            plan: self.plan,
        };
        let sort = self.sort()?;
        let by_name = matches!(sort, Sort::Name(_) | Sort::NameDown(_));
        let rows = store::list_tenants(tx, &filter, sort, list.fetch()?).await?;
        let listing = Listing::new(rows, &list, |listed| Key::of(listed, by_name))?;
        Ok(listing.map(|listed| listed.tenant))
    }
}

/// What the cursor holds: the sort's value and the id.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Key {
    Time(DateTime<Utc>, Uuid),
    Name(String, Uuid),
}

impl Key {
    fn of(Listed { tenant, name_key }: &Listed, by_name: bool) -> Self {
        if by_name {
            Self::Name(name_key.clone(), tenant.id.0)
        } else {
            Self::Time(tenant.created_at, tenant.id.0)
        }
    }
}

/// A page of the plans by name.
pub(super) async fn plans(tx: &mut StaffTx, query: &ListQuery) -> Result<Listing<Plan>, Error> {
    let after: Option<String> = Cursor::decode(query.after.as_deref())?;
    let rows = store::list_plans(tx, query.pattern()?.as_deref(), after.as_deref(), query.fetch()?).await?;
    Listing::new(rows, query, |plan| plan.name.clone())
}
