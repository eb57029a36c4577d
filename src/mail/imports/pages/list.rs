//! All imports of a tenant.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::mail::nav::{self, AreaHead, Tab};
use crate::platform::access::{Permission as P, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ListQuery, Page, PageQuery, Query, ago};

use super::super::api::page_of;
use super::super::model::Import;
use super::{base, href, words};

struct Row {
    href: String,
    words: (&'static str, &'static str),
    created_ago: String,
    import: Import,
}

impl Row {
    fn new(scope: &TenantScope, import: Import, now: DateTime<Utc>) -> Self {
        Self {
            href: href(scope, import.id),
            words: words(&import),
            created_ago: ago(import.created_at, now),
            import,
        }
    }

    fn created(&self) -> String {
        self.import.created_at.to_rfc3339()
    }
}

#[derive(Template)]
#[template(path = "mail/imports/list.html")]
pub(super) struct List {
    ctx: Ctx,
    area: AreaHead,
    base: String,
    rows: Vec<Row>,
    next: String,
    export: String,
    may_write: bool,
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    let query = ListQuery::from(query);
    let listing = page_of(&scope, &query).await?;
    let now = app.now();
    Ok(Page(List {
        ctx: nav::crumbs(ctx, &scope),
        area: AreaHead::new(&scope, Tab::Imports),
        base: base(&scope),
        export: format!("{}/export.csv", nav::area(&scope)),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.map(|import| Row::new(&scope, import, now)).items,
        may_write: scope.may(P::MailWrite),
    }))
}
