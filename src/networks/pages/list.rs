//! All networks, and who reaches whom.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, ListQuery, Page, Query, ago};
use crate::servers;

use super::super::model::{Map, Network, NetworkRef, Picture};
use super::super::store;
use super::{base, href, page_of};

/// Who reaches whom; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "networks/reach.html")]
pub(super) struct Who {
    slug: String,
    map: Map,
    picture: Picture,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Who {}

impl Who {
    pub(super) async fn load(tx: &mut impl Scoped, scope: &TenantScope) -> Result<Self, Error> {
        let map = store::map(tx, scope.tenant()).await?;
        Ok(Self {
            slug: scope.member.slug.clone(),
            picture: Picture::of(&map),
            map,
        })
    }
}

/// One line of the list.
struct Row {
    network: Network,
    href: String,
    created_ago: String,
}

impl Row {
    /// Tone and word.
    fn state(&self) -> (&'static str, &'static str) {
        match (&self.network.deleting_at, &self.network.error) {
            (Some(_), Some(_)) => ("bad", "Can't be removed"),
            (Some(_), None) => ("busy", "Being removed"),
            (None, _) if self.network.members > 0 => ("good", "In use"),
            (None, _) => ("idle", "Empty"),
        }
    }
}

#[derive(Template)]
#[template(path = "networks/list.html")]
pub(super) struct List {
    ctx: Ctx,
    base: String,
    query: ListQuery,
    rows: Vec<Row>,
    next: String,
    who: Who,
    /// The common network stands first on the first page, unless something is searched for.
    shows_common: bool,
    limit: i64,
    used: i64,
    may_write: bool,
    live: String,
}

/// Lists the networks.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let (ctx, newest) = servers::live_page(&mut tx, ctx).await?;
    let listing = page_of(&mut tx, &scope, &query).await?;
    let (limit, used) = store::max_networks(&mut tx, scope.tenant()).await?;
    let who = Who::load(&mut tx, &scope).await?;
    let now = app.now();
    let next = listing.next_href(&query).unwrap_or_default();
    let row = |network: Network| Row {
        href: href(&scope, NetworkRef::Private(network.id)),
        created_ago: ago(network.created_at, now),
        network,
    };
    Ok(Page(List {
        ctx,
        rows: listing.map(row).items,
        shows_common: query.text().is_empty() && query.after.is_none(),
        live: format!("{}/live?after={newest}", base(&scope)),
        base: base(&scope),
        may_write: scope.may(Permission::NetworkWrite),
        query,
        next,
        who,
        limit,
        used,
    }))
}
