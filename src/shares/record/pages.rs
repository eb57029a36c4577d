//! The record for people, and how long ago something was used.

use askama::Template;
use axum::extract::State;
use axum::http::HeaderMap;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Page, Path, Query, ago, first_href};

use super::super::model::Share;
use super::super::pages::{base, crumbs, title};
use super::super::store;
use super::model::{ShareUseVerb, Use};
use super::query::{UsesQuery, find};

#[derive(Template)]
#[template(path = "shares/uses.html")]
pub(super) struct Uses {
    ctx: Ctx,
    server: String,
    path: String,
    query: UsesQuery,
    shares: Vec<Share>,
    rows: Vec<Use>,
    first: String,
    next: String,
    is_fresh: bool,
    dropped: Option<(i64, DateTime<Utc>)>,
}

impl Uses {
    fn text(&self) -> &str {
        self.query.q.as_deref().unwrap_or_default()
    }

    fn is_chosen(&self, share: &Share) -> bool {
        self.query.share == Some(share.id)
    }

    fn is_filtered(&self) -> bool {
        !self.text().is_empty() || self.query.share.is_some()
    }

    fn dropped(&self) -> String {
        self.dropped.map_or_else(String::new, |(count, at)| {
            format!(
                "The server dropped {count} uses, the last on {}: there were more at once than it keeps until they are collected.",
                at.format("%-d %b %Y %H:%M UTC")
            )
        })
    }

    fn time(&self, one: &Use) -> String {
        one.at.format("%Y-%m-%d %H:%M:%S").to_string()
    }

    fn who<'a>(&self, one: &'a Use) -> &'a str {
        one.login.as_deref().unwrap_or("A link")
    }

    fn way(&self, one: &Use) -> &'static str {
        one.way.protocol().map_or("Link", title)
    }

    fn what(&self, one: &Use) -> &'static str {
        match one.verb {
            ShareUseVerb::List => "Looked into",
            ShareUseVerb::Read => "Fetched",
            ShareUseVerb::Write => "Wrote",
            ShareUseVerb::Delete => "Deleted",
            ShareUseVerb::Rename => "Renamed",
            ShareUseVerb::MakeFolder => "Made the folder",
        }
    }
}

/// Lists what was done.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    Query(query): Query<UsesQuery>,
    headers: HeaderMap,
) -> Result<Page<Uses>, Error> {
    // The filter asks while somebody types; the page that it is on has read the files.
    let narrows = headers.contains_key("hx-request");
    let found = find(&app, &scope, id, (&query, narrows)).await?;
    let mut tx = scope.begin().await?;
    let shares = store::list(&mut tx, id).await?;
    let next = found.listing.next_href(&query).unwrap_or_default();
    let first = query.after.as_ref().map(|_| first_href(&query));
    Ok(Page(Uses {
        ctx: crumbs(ctx, &scope, &found.server, None),
        server: found.server.name,
        path: format!("{}/uses", base(&scope, id)),
        query,
        shares,
        rows: found.listing.items,
        first: first.unwrap_or_default(),
        next,
        is_fresh: found.is_fresh,
        dropped: found.dropped,
    }))
}

/// When something was used last, in words.
pub(in crate::shares) fn last_use(at: Option<DateTime<Utc>>, now: DateTime<Utc>) -> String {
    at.map_or_else(|| "Not yet".to_owned(), |at| ago(at, now))
}
