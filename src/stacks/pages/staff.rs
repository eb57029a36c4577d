//! All tenants' stacks, for the provider's people. What they may do, they do to the servers.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ListQuery, Page, Query, ago};

use super::super::model::StackStatus;
use super::super::query::{Whole, all};
use super::title;

struct Row {
    name: String,
    blueprint: String,
    tenant: String,
    tenant_href: String,
    status: StackStatus,
    /// Its servers, each with its address.
    servers: Vec<(String, String)>,
    created: String,
    created_ago: String,
}

#[derive(Template)]
#[template(path = "stacks/staff.html")]
pub(super) struct StaffList {
    ctx: Ctx,
    query: ListQuery,
    rows: Vec<Row>,
    next: String,
}

/// Lists all stacks.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<StaffList>, Error> {
    let mut tx = scope.begin().await?;
    let listing = all(&mut tx, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let now = app.now();
    let row = |one: Whole| Row {
        status: one.status(now),
        blueprint: title(&app, &one.stack.blueprint),
        tenant_href: format!("/staff/tenants/{}", one.stack.tenant),
        servers: one
            .servers
            .iter()
            .map(|server| (server.name.clone(), format!("/staff/servers/{}", server.id)))
            .collect(),
        created: one.stack.created_at.to_rfc3339(),
        created_ago: ago(one.stack.created_at, now),
        tenant: one.stack.tenant_name,
        name: one.stack.name,
    };
    Ok(Page(StaffList {
        ctx,
        rows: listing.map(row).items,
        query,
        next,
    }))
}
