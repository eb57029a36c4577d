//! The domains of all tenants, for the provider's people.

use askama::Template;
use axum::extract::State;
use serde::{Deserialize, Serialize};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, Page, Sorted};

use super::super::api::staff_page_of;
use super::super::store::StaffRow;
use super::list::Row;

/// Of which tenant, if not of all.
#[derive(Debug, Clone, Default, Deserialize, Serialize)]
pub(super) struct OfTenant {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tenant: Option<TenantId>,
}

#[derive(Template)]
#[template(path = "mail/staff_domains.html")]
pub(super) struct StaffList {
    ctx: Ctx,
    base: &'static str,
    query: Sorted<OfTenant>,
    rows: Vec<Row>,
    next: String,
}

impl StaffList {
    fn sub(&self) -> &'static str {
        if self.query.filter.tenant.is_some() {
            "Of one tenant"
        } else {
            "Of all tenants"
        }
    }
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    mut query: Sorted<OfTenant>,
) -> Result<Page<StaffList>, Error> {
    let mut tx = scope.begin().await?;
    query.list.sort.get_or_insert_with(|| "name".to_owned());
    let listing = staff_page_of(&mut tx, query.filter.tenant, &query.list).await?;
    let (next, now) = (listing.next_href(&query).unwrap_or_default(), app.now());
    let may_see_tenant = scope.may(Permission::StaffTenantRead);
    let row = |found: StaffRow| {
        let tenant_href = format!("/staff/tenants/{}", found.domain.tenant);
        Row {
            tenant_href: if may_see_tenant {
                tenant_href
            } else {
                String::new()
            },
            tenant: found.tenant_name,
            ..Row::new(&found.domain, String::new(), now)
        }
    };
    Ok(Page(StaffList {
        ctx: ctx.with_crumbs([("Mail", "/staff/mail")]),
        base: "/staff/mail/domains",
        rows: listing.map(row).items,
        query,
        next,
    }))
}
