//! All volumes of a tenant.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Page, Sorted, Unfiltered, ago};
use crate::servers;

use super::super::api::page_of;
use super::super::model::Volume;
use super::{base, held, href, percent, words};

/// One line of the list; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "volumes/row.html")]
pub(super) struct Row {
    id: String,
    /// Empty where there is no page of it to go to.
    href: String,
    name: String,
    words: (&'static str, &'static str, String),
    held: String,
    percent: Option<u32>,
    attached: i64,
    created: String,
    created_ago: String,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    pub(super) fn new(volume: Volume, href: String, now: DateTime<Utc>) -> Self {
        Self {
            id: volume.id.to_string(),
            words: words(&volume),
            held: held(&volume),
            percent: percent(&volume),
            attached: volume.attached,
            created: volume.created_at.to_rfc3339(),
            created_ago: ago(volume.created_at, now),
            name: volume.name,
            href,
        }
    }
}

#[derive(Template)]
#[template(path = "volumes/list.html")]
pub(super) struct List {
    ctx: Ctx,
    base: String,
    query: Sorted<Unfiltered>,
    rows: Vec<Row>,
    next: String,
    may_write: bool,
    live: String,
}

/// Lists the volumes.
pub(super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    mut query: Sorted<Unfiltered>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let (ctx, newest) = servers::live_page(&mut tx, ctx).await?;
    query.list.sort.get_or_insert_with(|| "name".to_owned());
    let listing = page_of(&mut tx, scope.tenant(), &query.list).await?;
    let (next, now) = (listing.next_href(&query).unwrap_or_default(), app.now());
    let row = |volume: Volume| {
        let href = href(&scope, volume.id);
        Row::new(volume, href, now)
    };
    Ok(Page(List {
        ctx,
        rows: listing.map(row).items,
        live: format!("{}/live?after={newest}", base(&scope)),
        base: base(&scope),
        may_write: scope.may(Permission::VolumeWrite),
        query,
        next,
    }))
}
