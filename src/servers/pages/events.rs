//! What happened to a server.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, Path, Query, ago};

use super::super::model::{HistoryEntry, Kind};
use super::super::store;
use super::head::{Head, crumbs};

#[derive(Debug)]
struct EventLine {
    tone: &'static str,
    icon: &'static str,
    iso: String,
    ago: String,
    text: String,
}

impl EventLine {
    fn new(entry: HistoryEntry, now: DateTime<Utc>) -> Self {
        let (tone, icon) = match entry.kind {
            Kind::Asked => ("info", "history"),
            Kind::Started | Kind::Healthy => ("good", "circle-check"),
            Kind::Stopped | Kind::Changed => ("info", "info"),
            Kind::Died | Kind::Failed => ("bad", "circle-x"),
            Kind::Unhealthy => ("warn", "triangle-alert"),
        };
        Self {
            tone,
            icon,
            iso: entry.at.to_rfc3339(),
            ago: ago(entry.at, now),
            text: entry.text,
        }
    }
}

#[derive(Template)]
#[template(path = "servers/events.html")]
pub struct Events {
    ctx: Ctx,
    head: Head,
    history: Vec<EventLine>,
    next: String,
}

/// What happened to it, newest first.
pub async fn events(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    Query(query): Query<ListQuery>,
) -> Result<Page<Events>, Error> {
    let after: Option<(DateTime<Utc>, Uuid)> = Cursor::decode(query.after.as_deref())?;
    let after = after.unwrap_or((DateTime::<Utc>::MAX_UTC, Uuid::max()));
    let limit = query.fetch()?;
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    let rows = store::list_events(&mut tx, id, after, limit).await?;
    let listing = Listing::new(rows, &query, |entry| (entry.at, entry.id.0))?;
    let next = listing.next_href(&query).unwrap_or_default();
    let now = app.now();
    Ok(Page(Events {
        ctx: crumbs(ctx, &scope),
        head: Head::new(&app, &scope, &server, "events"),
        history: listing
            .items
            .into_iter()
            .map(|entry| EventLine::new(entry, now))
            .collect(),
        next,
    }))
}
