//! The tenant's servers.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::eggs;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::{Plans, Scoped};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::web::{Ctx, Page, ago};
use crate::usage::{self, Sparks};

use super::super::model::{Server, Status};
use super::super::query::ServerQuery;
use super::super::store::StateFilter;
use super::super::updates::has_update;
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
    has_update: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    pub(super) fn new(app: &App, server: &Server, slug: &str, sparks: Sparks, now: DateTime<Utc>) -> Self {
        let status = server.status(now);
        Self {
            id: server.id.to_string(),
            href: href(slug, server.id),
            name: server.name.clone(),
            template: title(app, &server.template),
            size: server.size.replace('-', " "),
            tone: tone(status.phase),
            status,
            sparks,
            created: server.created_at.to_rfc3339(),
            created_ago: ago(server.created_at, now),
            has_update: has_update(&app.catalogue, server),
        }
    }
}

/// What people call a template; its name if it has left the catalogue.
pub(super) fn title(app: &App, template: &str) -> String {
    let offer = app.catalogue.offer(template);
    offer.map_or_else(|| template.to_owned(), |offer| offer.template.title.clone())
}

/// Sees that the titles of imported templates are known.
pub(super) async fn know(app: &App, tx: &mut impl Scoped, servers: &[Server]) -> Result<(), Error> {
    for server in servers {
        eggs::warm(app, tx, &server.template).await?;
    }
    Ok(())
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
    may_update: bool,
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
    let listing = query.run(&app.catalogue, &mut tx, Some(scope.tenant())).await?;
    know(&app, &mut tx, &listing.items).await?;
    let ctx = super::with_engine_banner(&mut tx, ctx).await?;
    let (slug, now) = (scope.member.slug.clone(), app.now());
    let mut sparks = usage::sparks(&mut tx, &listing.items, now).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |server: Server| {
        let sparks = sparks.remove(&server.id).unwrap_or_default();
        Row::new(&app, &server, &slug, sparks, now)
    };
    Ok(Page(List {
        ctx,
        rows: listing.map(row).items,
        query,
        next,
        may_create: scope.may(Permission::ServerCreate),
        may_update: scope.may(Permission::ServerConfigure),
        live: format!("/t/{slug}/servers/live?after={newest}"),
        slug,
    }))
}
