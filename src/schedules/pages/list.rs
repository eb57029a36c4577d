//! A server's schedules: when each runs next, and how it went last.

use std::collections::HashMap;

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Page, Path, ago};
use crate::servers::{self, Head, crumbs};

use super::super::model::{MAX_SCHEDULES, RunState, Schedule, Zone};
use super::super::store;
use super::act::href;

/// A time on a page: for programs, and for people in the tenant's zone.
#[derive(Debug, Clone)]
pub(super) struct Moment {
    pub(super) iso: String,
    pub(super) text: String,
}

impl Moment {
    pub(super) fn new(at: DateTime<Utc>, zone: Zone) -> Self {
        Self {
            iso: at.to_rfc3339(),
            text: zone.show(at),
        }
    }

    /// How long ago it was, as seen at `now`.
    pub(super) fn ago(at: DateTime<Utc>, now: DateTime<Utc>) -> Self {
        Self {
            iso: at.to_rfc3339(),
            text: ago(at, now),
        }
    }
}

/// One schedule in the list.
#[derive(Template)]
#[template(path = "schedules/row.html")]
struct Row {
    id: String,
    href: String,
    name: String,
    cron: String,
    is_paused: bool,
    next: Option<Moment>,
    last: Option<(RunState, Moment)>,
}

impl askama::filters::HtmlSafe for Row {}

/// All rows of a server.
async fn rows(
    app: &App,
    scope: &TenantScope,
    tx: &mut TenantTx,
    server: ServerId,
) -> Result<Vec<Row>, Error> {
    let zone = store::zone(tx, scope.tenant()).await?;
    let mut last: HashMap<_, _> = store::latest(tx, server)
        .await?
        .into_iter()
        .map(|(id, state, at)| (id, (state, Moment::ago(at, app.now()))))
        .collect();
    let row = |schedule: Schedule| Row {
        id: schedule.id.to_string(),
        href: href(&scope.member.slug, server, schedule.id),
        last: last.remove(&schedule.id),
        name: schedule.name,
        cron: schedule.cron,
        is_paused: schedule.is_paused,
        next: schedule.next_run.map(|at| Moment::new(at, zone)),
    };
    Ok(store::list(tx, server).await?.into_iter().map(row).collect())
}

/// All rows, or what to do where there are none; also what the live stream sends.
#[derive(Template)]
#[template(path = "schedules/rows.html")]
pub(super) struct Rows {
    base: String,
    all: Vec<Row>,
    may_write: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Rows {}

impl Rows {
    /// The id of its element.
    pub(super) const ID: &str = "schedule-rows";

    pub(super) async fn load(
        app: &App,
        scope: &TenantScope,
        tx: &mut TenantTx,
        server: ServerId,
    ) -> Result<Self, Error> {
        Ok(Self {
            base: format!("/t/{}/servers/{server}", scope.member.slug),
            all: rows(app, scope, tx, server).await?,
            may_write: scope.may(Permission::ScheduleWrite),
        })
    }

    fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    fn has_room(&self) -> bool {
        self.all.len() < usize::try_from(MAX_SCHEDULES).unwrap_or(usize::MAX)
    }
}

#[derive(Template)]
#[template(path = "schedules/list.html")]
pub(super) struct List {
    ctx: Ctx,
    head: Head,
    rows: Rows,
    most: i64,
    zone: &'static str,
    live: String,
    may_write: bool,
    has_room: bool,
    may_zone: bool,
    zone_href: String,
    suspended: Option<String>,
}

/// The tab.
pub(super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<Page<List>, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let newest = events::newest(&mut tx).await?;
    let rows = Rows::load(&app, &scope, &mut tx, id).await?;
    let zone = store::zone(&mut tx, scope.tenant()).await?;
    let head = Head::new(&app, &scope, &server, "schedules");
    Ok(Page(List {
        ctx: crumbs(ctx, &scope),
        live: format!("{}/schedules/live?after={newest}", head.base),
        head,
        has_room: rows.has_room(),
        rows,
        most: MAX_SCHEDULES,
        zone: zone.name(),
        may_write: scope.may(Permission::ScheduleWrite),
        may_zone: scope.may(Permission::TenantManage),
        zone_href: format!("/t/{slug}/settings/time-zone"),
        suspended: scope.member.suspended.clone(),
    }))
}
