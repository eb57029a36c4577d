//! The tenant's servers.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::web::{Ctx, Page, ago};
use crate::usage::{self, Sparks};

use super::super::model::{Server, Status};
use super::super::query::ServerQuery;
use super::super::store::StateFilter;
use super::{href, tone};

/// One line of the list; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "servers/row.html")]
pub struct Row {
    pub(super) id: String,
    href: String,
    name: String,
    template: String,
    size: String,
    tone: &'static str,
    status: Status,
    sparks: Sparks,
    created: String,
    created_ago: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    pub(super) fn new(server: &Server, slug: &str, title: &str, sparks: Sparks, now: DateTime<Utc>) -> Self {
        let status = server.status(now);
        Self {
            id: server.id.to_string(),
            href: href(slug, server.id),
            name: server.name.clone(),
            template: title.to_owned(),
            size: server.size.replace('-', " "),
            tone: tone(status.phase),
            status,
            sparks,
            created: server.created_at.to_rfc3339(),
            created_ago: ago(server.created_at, now),
        }
    }
}

/// What people call a template; its name if it has left the catalogue.
pub(super) fn title<'a>(app: &'a App, template: &'a str) -> &'a str {
    app.catalogue
        .get(template)
        .map_or(template, |folder| &folder.template.title)
}

#[derive(Template)]
#[template(path = "servers/list.html")]
pub struct List {
    ctx: Ctx,
    slug: String,
    query: ServerQuery,
    rows: Vec<Row>,
    next: String,
    may_create: bool,
    live: String,
}

/// Lists the servers.
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: ServerQuery,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let newest = events::newest(&mut tx).await?;
    let listing = query.run(&mut tx, Some(scope.tenant())).await?;
    let ctx = super::with_engine_banner(&mut tx, ctx).await?;
    let (slug, now) = (scope.member.slug.clone(), app.now());
    let mut sparks = usage::sparks(&mut tx, &listing.items, now).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |server: Server| {
        let sparks = sparks.remove(&server.id).unwrap_or_default();
        Row::new(&server, &slug, title(&app, &server.template), sparks, now)
    };
    Ok(Page(List {
        ctx,
        rows: listing.map(row).items,
        query,
        next,
        may_create: scope.may(Permission::ServerCreate),
        live: format!("/t/{slug}/servers/live?after={newest}"),
        slug,
    }))
}
