//! The tenant's servers.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Deserialize;

use crate::app::App;
use crate::eggs;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::{Plans, Scoped};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Query, ago};
use crate::usage::{self, Sparks};

use super::super::model::{Server, Status};
use super::super::query::ServerQuery;
use super::super::store::StateFilter;
use super::super::updates::has_update;
use super::several::Bar;
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
    /// Each tag, and the address of the servers that have it.
    tags: Vec<(String, String)>,
    may_pick: bool,
    is_picked: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    pub(super) fn new(
        app: &App,
        scope: &TenantScope,
        server: &Server,
        sparks: Sparks,
        now: DateTime<Utc>,
    ) -> Self {
        let (status, slug) = (server.status(now), &scope.member.slug);
        let tag = |tag: &String| (tag.clone(), format!("/t/{slug}/servers?tag={tag}"));
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
            tags: server.tags.iter().map(tag).collect(),
            may_pick: may_pick(scope),
            is_picked: false,
        }
    }

    /// The same with its box checked, or not.
    pub(super) fn picked(self, is_picked: bool) -> Self {
        Self { is_picked, ..self }
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

/// Whether somebody may do anything with several servers at once.
pub(super) fn may_pick(scope: &TenantScope) -> bool {
    scope.may(Permission::ServerPower) || scope.may(Permission::ServerConfigure)
}

/// Which boxes are checked when the list comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Select {
    /// Those of all servers on the page.
    Page,
}

/// What only the page is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Picks {
    #[serde(default)]
    pub(super) select: Option<Select>,
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
    may_pick: bool,
    bar: Bar,
    live: String,
}

/// Lists the servers.
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: ServerQuery,
    Query(picks): Query<Picks>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let (ctx, newest) = super::live_page(&mut tx, ctx).await?;
    let listing = query.run(&app.catalogue, &mut tx, Some(scope.tenant())).await?;
    know(&app, &mut tx, &listing.items).await?;
    let (slug, now) = (scope.member.slug.clone(), app.now());
    let mut sparks = usage::sparks(&mut tx, &listing.items, now).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |server: Server| {
        let sparks = sparks.remove(&server.id).unwrap_or_default();
        Row::new(&app, &scope, &server, sparks, now).picked(picks.select.is_some())
    };
    Ok(Page(List {
        ctx,
        rows: listing.map(row).items,
        bar: Bar::new(&scope, Some(&query)),
        may_pick: may_pick(&scope),
        query,
        next,
        may_create: scope.may(Permission::ServerCreate),
        may_update: scope.may(Permission::ServerConfigure),
        live: format!("/t/{slug}/servers/live?after={newest}"),
        slug,
    }))
}
