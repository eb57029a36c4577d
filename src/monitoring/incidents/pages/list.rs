//! Lists of incidents.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, ListQuery, Page, PageQuery, Path, Query, ago};
use crate::servers::{self, Head};

use super::super::api::{IncidentQuery, page_of, page_of_server};
use super::super::model::Kept;
use super::super::store;
use super::{Side, lasted, words};

/// One line; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "incidents/row.html")]
pub(super) struct Row {
    id: String,
    href: String,
    summary: String,
    tone: &'static str,
    word: &'static str,
    how: &'static str,
    tenant: String,
    is_staff: bool,
    flaps: i32,
    began: String,
    began_ago: String,
    took: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    pub(super) fn new(kept: Kept, side: &Side, now: DateTime<Utc>) -> Self {
        let (tone, word) = words(&kept);
        let one = kept.incident;
        Self {
            id: one.id.to_string(),
            href: format!("{}/{}", side.base(), one.id),
            tone,
            word,
            how: one.signature.label(),
            tenant: kept.tenant_name.unwrap_or_else(|| "–".to_owned()),
            is_staff: matches!(side, Side::Staff(_)),
            flaps: one.flaps,
            began: one.began_at.to_rfc3339(),
            began_ago: ago(one.began_at, now),
            took: lasted(one.began_at, one.ended_at.unwrap_or(now)),
            summary: one.summary,
        }
    }
}

#[derive(Template)]
#[template(path = "incidents/list.html")]
pub(super) struct List {
    ctx: Ctx,
    base: String,
    is_staff: bool,
    query: IncidentQuery,
    /// What those shown are parts of: its address and what happened.
    whole: Option<(String, String)>,
    rows: Vec<Row>,
    next: String,
    live: String,
}

impl List {
    fn is_whole(&self) -> bool {
        self.query.list.text().is_empty() && self.query.filter.state.is_none() && self.whole.is_none()
    }
}

async fn page(app: &App, side: Side, ctx: Ctx, query: IncidentQuery) -> Result<Page<List>, Error> {
    let (mut tx, now) = (side.begin().await?, app.now());
    let newest = events::newest(&mut tx).await?;
    let listing = page_of(&mut tx, side.tenant(), &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let base = side.base();
    let whole = match query.filter.part_of {
        Some(id) => Some((
            format!("{base}/{id}"),
            store::find(&mut tx, id).await?.incident.summary,
        )),
        None => None,
    };
    Ok(Page(List {
        ctx,
        whole,
        live: format!("{base}/live?after={newest}"),
        base,
        is_staff: matches!(side, Side::Staff(_)),
        rows: listing.map(|kept| Row::new(kept, &side, now)).items,
        query,
        next,
    }))
}

/// A tenant's.
pub(super) async fn own(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    query: IncidentQuery,
) -> Result<Page<List>, Error> {
    page(&app, Side::Own(scope), ctx, query).await
}

/// Everybody's.
pub(super) async fn all(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    query: IncidentQuery,
) -> Result<Page<List>, Error> {
    page(&app, Side::Staff(scope), ctx, query).await
}

#[derive(Template)]
#[template(path = "incidents/server.html")]
pub(super) struct OfServer {
    ctx: Ctx,
    head: Head,
    rows: Vec<Row>,
    next: String,
}

/// A server's.
pub(super) async fn of_server(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    Query(query): Query<PageQuery>,
) -> Result<Page<OfServer>, Error> {
    let (query, now) = (ListQuery::from(query), app.now());
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let listing = page_of_server(&mut tx, id, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let head = Head::new(&app, &scope, &server, "incidents");
    let ctx = servers::crumbs(ctx, &scope);
    let side = Side::Own(scope);
    Ok(Page(OfServer {
        ctx,
        head,
        rows: listing.map(|kept| Row::new(kept, &side, now)).items,
        next,
    }))
}
