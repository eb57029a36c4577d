//! What the organisation's people see: who of the staff could look at what, when, why, and what they looked at. Live.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::web::{
    Ctx, Cursor, Fragment, LastSeen, ListQuery, Listing, Page, PageQuery, Query, ago,
};

use super::TOPIC;
use super::model::{Grant, Look};
use super::store;

const CLOCK: &str = "%Y-%m-%d %H:%M:%S";

/// A look, as pages and the API tell it.
pub(super) struct LookLine {
    pub(super) iso: String,
    pub(super) at: String,
    pub(super) part: String,
    pub(super) what: String,
}

impl From<Look> for LookLine {
    fn from(look: Look) -> Self {
        Self {
            iso: look.at.to_rfc3339(),
            at: look.at.format(CLOCK).to_string(),
            part: look.part,
            what: look.what,
        }
    }
}

/// A grant with what was looked at by it.
pub(super) struct Row {
    pub(super) grant: Grant,
    pub(super) is_open: bool,
    pub(super) ticket_href: String,
    pub(super) opened: String,
    pub(super) opened_ago: String,
    pub(super) until_iso: String,
    pub(super) until: String,
    pub(super) looks: Vec<LookLine>,
}

impl Row {
    /// What a status says of it.
    fn state(&self) -> (&'static str, &'static str) {
        match (self.is_open, self.grant.ended_by.as_deref()) {
            (true, _) => ("busy", "Open now"),
            (false, Some("staff" | "left")) => ("idle", "Ended early"),
            (false, _) => ("idle", "Over"),
        }
    }

    pub(super) fn tone(&self) -> &'static str {
        self.state().0
    }

    pub(super) fn word(&self) -> &'static str {
        self.state().1
    }
}

/// Grants with their looks, as rows.
pub(super) async fn rows(
    tx: &mut impl Scoped,
    grants: Vec<Grant>,
    tickets: &str,
    now: DateTime<Utc>,
) -> Result<Vec<Row>, Error> {
    let ids: Vec<_> = grants.iter().map(|grant| grant.id).collect();
    let looks = store::uses(tx, &ids).await?;
    let row = |grant: Grant| {
        let own = looks.iter().filter(|look| look.grant == grant.id).cloned();
        Row {
            is_open: grant.is_open(now),
            ticket_href: format!("{tickets}/{}", grant.ticket),
            opened: grant.opened_at.to_rfc3339(),
            opened_ago: ago(grant.opened_at, now),
            until_iso: grant.end().to_rfc3339(),
            until: grant.end().format("%Y-%m-%d %H:%M UTC").to_string(),
            looks: own.map(LookLine::from).collect(),
            grant,
        }
    };
    Ok(grants.into_iter().map(row).collect())
}

/// What of the page changes while one looks.
#[derive(Template)]
#[template(path = "break_glass/panel.html")]
pub(super) struct Panel {
    rows: Vec<Row>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

#[derive(Template)]
#[template(path = "break_glass/list.html")]
pub(super) struct List {
    ctx: Ctx,
    panel: Panel,
    next: String,
    live: String,
}

/// A page of a tenant's grants.
pub(super) async fn page_of(
    tx: &mut TenantTx,
    scope: &TenantScope,
    query: &ListQuery,
) -> Result<Listing<Grant>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let found = store::list(tx, scope.tenant(), before, query.fetch()?).await?;
    Listing::new(found, query, |grant| (grant.opened_at, grant.id.0))
}

fn tickets(scope: &TenantScope) -> String {
    format!("/t/{}/tickets", scope.member.slug)
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    let query = ListQuery::from(query);
    let mut tx = scope.begin().await?;
    let newest = events::newest(&mut tx).await?;
    let listing = page_of(&mut tx, &scope, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let rows = rows(&mut tx, listing.items, &tickets(&scope), app.now()).await?;
    // Older pages change no more.
    let is_first = query.after.is_none();
    let live = format!("/t/{}/break-glass/live?after={newest}", scope.member.slug);
    Ok(Page(List {
        ctx,
        panel: Panel { rows },
        next,
        live: if is_first { live } else { String::new() },
    }))
}

/// The page's stream.
pub(super) async fn live(
    State(app): State<App>,
    scope: TenantScope,
    seen: LastSeen,
) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        if event.topic != TOPIC || event.tenant_id != Some(scope.tenant().0) {
            return Ok(None);
        }
        let mut tx = scope.begin().await?;
        let listing = page_of(&mut tx, &scope, &ListQuery::default()).await?;
        let rows = rows(&mut tx, listing.items, &tickets(&scope), app.now()).await?;
        let html = Panel { rows }.render().map_err(Error::internal)?;
        Ok(Some(Fragment::default().replace("break-glass", &html)))
    })
    .await
}
