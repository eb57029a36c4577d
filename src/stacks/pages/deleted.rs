//! Deleted stacks: what is kept and until when.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ListQuery, Page, Query, ago};
use crate::servers::model::clock_time;

use super::super::model::StackStatus;
use super::super::query::{Whole, deleted};
use super::{base, crumbs, href, title};

struct Row {
    href: String,
    name: String,
    blueprint: String,
    status: StackStatus,
    until: String,
    deleted: String,
    deleted_ago: String,
}

impl Row {
    fn new(app: &App, href: String, one: &Whole) -> Self {
        let (now, stack) = (app.now(), &one.stack);
        let at = stack
            .deletion
            .as_ref()
            .map_or(stack.created_at, |deletion| deletion.at);
        Self {
            href,
            name: stack.name.clone(),
            blueprint: title(app, &stack.blueprint),
            status: one.status(now),
            until: stack
                .kept_until()
                .map(|until| clock_time(until, now))
                .unwrap_or_default(),
            deleted: at.to_rfc3339(),
            deleted_ago: ago(at, now),
        }
    }
}

#[derive(Template)]
#[template(path = "stacks/deleted.html")]
pub(super) struct Deleted {
    ctx: Ctx,
    slug: String,
    base: String,
    query: ListQuery,
    rows: Vec<Row>,
    next: String,
    days: u32,
}

/// Lists the tenant's deleted stacks.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<Deleted>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = deleted(&mut tx, scope.tenant(), &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |one: Whole| Row::new(&app, href(&scope, one.stack.id), &one);
    Ok(Page(Deleted {
        ctx: crumbs(ctx, &scope),
        slug: scope.member.slug.clone(),
        base: base(&scope),
        rows: listing.map(row).items,
        query,
        next,
        days: app.config.deleted_retention_days,
    }))
}
