//! A tenant's volumes, for the provider's people.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, Page, Path, Sorted, Unfiltered};
use crate::tenants;

use super::super::api::page_of;
use super::super::model::Volume;
use super::list::Row;

#[derive(Template)]
#[template(path = "volumes/staff.html")]
pub(super) struct StaffList {
    ctx: Ctx,
    tenant: String,
    base: String,
    query: Sorted<Unfiltered>,
    rows: Vec<Row>,
    next: String,
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    mut query: Sorted<Unfiltered>,
) -> Result<Page<StaffList>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = tenants::find_tenant(&mut tx, id).await?;
    query.list.sort.get_or_insert_with(|| "name".to_owned());
    let listing = page_of(&mut tx, id, &query.list).await?;
    let (next, now) = (listing.next_href(&query).unwrap_or_default(), app.now());
    let row = |volume: Volume| Row::new(volume, String::new(), now);
    let home = format!("/staff/tenants/{id}");
    Ok(Page(StaffList {
        ctx: ctx.with_crumbs([
            ("Tenants".to_owned(), "/staff/tenants".to_owned()),
            (tenant.name.clone(), home.clone()),
        ]),
        base: format!("{home}/volumes"),
        tenant: tenant.name,
        rows: listing.map(row).items,
        query,
        next,
    }))
}
