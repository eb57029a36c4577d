//! All tenants.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, ago};

use super::super::model::{Plan, Resource, Status};
use super::super::query::TenantQuery;
use super::super::store;
use super::TenantRow;

/// The list.
#[derive(Debug, Template)]
#[template(path = "tenants/list.html")]
pub(crate) struct TenantList {
    ctx: Ctx,
    query: TenantQuery,
    plans: Vec<Plan>,
    rows: Vec<TenantRow>,
    next: String,
    may_create: bool,
    now: DateTime<Utc>,
}

impl TenantList {
    fn is_filtered_by(&self, plan: &Plan) -> bool {
        self.query.filter.plan == Some(plan.id)
    }

    fn ago(&self, at: &DateTime<Utc>) -> String {
        ago(*at, self.now)
    }
}

/// Shows tenants: searched, filtered, sorted.
pub(crate) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    query: TenantQuery,
) -> Result<Page<TenantList>, Error> {
    let mut tx = scope.begin().await?;
    let listing = query.run(&mut tx).await?;
    let ids: Vec<_> = listing.items.iter().map(|tenant| tenant.id).collect();
    let usages = store::usages(&mut tx, &ids, app.now()).await?;
    Ok(Page(TenantList {
        ctx,
        plans: store::all_plans(&mut tx).await?,
        next: listing.next_href(&query).unwrap_or_default(),
        rows: TenantRow::all(listing.items, &usages),
        query,
        may_create: scope.may(Permission::StaffTenantManage),
        now: app.now(),
    }))
}
