//! All shares of a tenant, whichever server serves them.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ListQuery, Page, Query};

use super::super::actions;
use super::super::model::Listed;
use super::super::record::pages::last_use;
use super::{href, titles};

struct Row {
    href: String,
    share: Listed,
    ways: String,
    last: String,
}

impl Row {
    fn new(scope: &TenantScope, share: Listed, now: DateTime<Utc>) -> Self {
        Self {
            href: href(scope, share.server.0, share.id),
            ways: titles(&share.protocols),
            last: last_use(share.last_used_at, now),
            share,
        }
    }
}

#[derive(Template)]
#[template(path = "shares/list.html")]
pub(super) struct List {
    ctx: Ctx,
    path: String,
    servers: String,
    query: ListQuery,
    rows: Vec<Row>,
    next: String,
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<List>, Error> {
    let listing = actions::all(&app, &scope, &query).await?;
    let now = app.now();
    let home = format!("/t/{}", scope.member.slug);
    Ok(Page(List {
        ctx,
        path: format!("{home}/shares"),
        servers: format!("{home}/servers"),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.map(|share| Row::new(&scope, share, now)).items,
        query,
    }))
}
