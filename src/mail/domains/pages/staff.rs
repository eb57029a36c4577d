//! The domains of all tenants, for the provider's people.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Sorted};

use super::super::api::{StaffMailDomainsQuery, staff_page_of};
use super::super::store::StaffRow;
use super::list::Row;

#[derive(Template)]
#[template(path = "mail/staff_domains.html")]
pub(super) struct StaffList {
    ctx: Ctx,
    base: &'static str,
    query: Sorted<StaffMailDomainsQuery>,
    rows: Vec<Row>,
    next: String,
}

impl StaffList {
    fn sub(&self) -> &'static str {
        match (self.query.filter.tenant.is_some(), self.is_lost()) {
            (true, false) => "Of one tenant",
            (true, true) => "Of one tenant, and DNS shows nothing of them",
            (false, false) => "Of all tenants",
            (false, true) => "Of all tenants, and DNS shows nothing of them",
        }
    }

    /// Whether only those are shown that DNS shows nothing of.
    fn is_lost(&self) -> bool {
        self.query.filter.lost.unwrap_or_default()
    }

    fn is_filtered(&self) -> bool {
        self.query.filter.tenant.is_some() || self.is_lost()
    }
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    mut query: Sorted<StaffMailDomainsQuery>,
) -> Result<Page<StaffList>, Error> {
    let mut tx = scope.begin().await?;
    query.list.sort.get_or_insert_with(|| "name".to_owned());
    let now = app.now();
    let listing = staff_page_of(&mut tx, &query, now).await?;
    let next = listing.next_href(&query).unwrap_or_default();
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
