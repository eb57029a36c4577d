//! The usage of one server for people: figures, charts, and the same as a table.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, Json, Page, Path, Query};
use crate::servers::model::Server;
use crate::servers::{self, Head};

use super::api::{UsageOut, UsageParams, usage};
use super::figures::{Figures, bytes, percent, rate};
use super::model::{Point, Span};
use super::store;

/// As many rows as somebody reads.
const ROWS: i64 = 60;

/// The spans that one click chooses: word, label, length.
const RANGES: [(&str, &str, TimeDelta); 4] = [
    ("1h", "1 hour", TimeDelta::hours(1)),
    ("24h", "24 hours", TimeDelta::hours(24)),
    ("30d", "30 days", TimeDelta::days(30)),
    ("1y", "1 year", TimeDelta::days(365)),
];

/// Which time a page shows: one of the ranges up to now, or between two moments.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct PageParams {
    #[serde(default)]
    range: String,
    #[serde(default)]
    from: String,
    #[serde(default)]
    to: String,
}

impl PageParams {
    fn is_custom(&self) -> bool {
        !self.from.is_empty() || !self.to.is_empty()
    }

    /// The range that is chosen; the first if nothing is.
    fn range(&self) -> Option<(&'static str, TimeDelta)> {
        let asked = if self.range.is_empty() {
            RANGES[0].0
        } else {
            &self.range
        };
        let found = RANGES.iter().find(|(word, ..)| *word == asked);
        found
            .map(|(word, _, length)| (*word, *length))
            .filter(|_| !self.is_custom())
    }

    pub(super) fn span(&self, now: DateTime<Utc>) -> Result<Span, Error> {
        let from = match self.range() {
            Some((_, length)) => (now - length).to_rfc3339(),
            None if self.is_custom() => self.from.clone(),
            None => return Err(Error::invalid("range", "Use 1h, 24h, 30d or 1y.")),
        };
        let params = UsageParams {
            from,
            to: self.to.clone(),
            resolution: String::new(),
        };
        params.span(now)
    }

    /// The same choice in the address of a part of the page.
    fn query(&self) -> String {
        match self.range() {
            Some((word, _)) => format!("?range={word}"),
            None => {
                let pairs = [("from", &self.from), ("to", &self.to)];
                format!("?{}", serde_html_form::to_string(pairs).unwrap_or_default())
            }
        }
    }
}

#[derive(Debug)]
struct RangeLink {
    label: &'static str,
    href: String,
    current: bool,
}

#[derive(Debug)]
struct Row {
    iso: String,
    at: String,
    cpu: String,
    memory: String,
    rx: String,
    tx: String,
    read: String,
    write: String,
}

impl Row {
    fn new(point: &Point, cpus: f64) -> Self {
        Self {
            iso: point.at.to_rfc3339(),
            at: point.at.format("%Y-%m-%d %H:%M:%S").to_string(),
            cpu: percent(point.cpu, cpus),
            memory: bytes(point.memory),
            rx: rate(point.rx),
            tx: rate(point.tx),
            read: rate(point.read),
            write: rate(point.write),
        }
    }
}

/// What both sides' pages show.
#[derive(Debug)]
struct View {
    base: String,
    ranges: Vec<RangeLink>,
    from: String,
    to: String,
    error: Option<String>,
    query: String,
    figures: Figures,
    cpus: f64,
    step: &'static str,
    rows: Vec<Row>,
}

impl View {
    async fn load(
        app: &App,
        tx: &mut impl Scoped,
        server: &Server,
        base: String,
        params: &PageParams,
    ) -> Result<Self, Error> {
        let now = app.now();
        let (span, error) = match params.span(now) {
            Ok(span) => (span, None),
            Err(Error::Invalid(errors)) => (PageParams::default().span(now)?, first(errors)),
            Err(error) => return Err(error),
        };
        let shown = match error {
            None => params.clone(),
            Some(_) => PageParams::default(),
        };
        let table = span.coarser(now, ROWS);
        let points = store::points(tx, server.id, &table).await?;
        let cpus = server.resources.cpus();
        let field = |at: DateTime<Utc>| at.format("%Y-%m-%dT%H:%M").to_string();
        Ok(Self {
            ranges: ranges(&base, &shown),
            from: field(span.from),
            to: field(span.to),
            query: shown.query(),
            error,
            figures: Figures::load(tx, server, now).await?,
            cpus,
            step: table.step.word(),
            rows: points.iter().rev().map(|point| Row::new(point, cpus)).collect(),
            base,
        })
    }

    fn status(&self) -> u16 {
        if self.error.is_some() { 422 } else { 200 }
    }
}

fn first(errors: FieldErrors) -> Option<String> {
    errors.0.into_iter().next().map(|error| error.message)
}

fn ranges(base: &str, params: &PageParams) -> Vec<RangeLink> {
    let chosen = params.range().map(|(word, _)| word);
    RANGES
        .iter()
        .map(|(word, label, _)| RangeLink {
            label,
            href: format!("{base}/usage?range={word}"),
            current: chosen == Some(*word),
        })
        .collect()
}

#[derive(Template)]
#[template(path = "usage/show.html")]
pub struct Show {
    ctx: Ctx,
    head: Head,
    view: View,
    live: String,
}

/// One server's usage.
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
    Query(params): Query<PageParams>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let (ctx, newest) = servers::live_page(&mut tx, servers::crumbs(ctx, &scope)).await?;
    let server = servers::find(&mut tx, id).await?;
    let head = Head::new(&app, &scope, &server, "usage");
    let view = View::load(&app, &mut tx, &server, head.base.clone(), &params).await?;
    let live = format!("{}/usage/live?after={newest}", head.base);
    let status = view.status();
    Ok(Page(Show {
        ctx,
        head,
        view,
        live,
    })
    .status(status))
}

/// What its charts are drawn from.
pub async fn data(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    Query(params): Query<PageParams>,
) -> Result<Json<UsageOut>, Error> {
    let span = params.span(app.now())?;
    usage(&mut scope.begin().await?, id, &span).await.map(Json)
}

#[derive(Template)]
#[template(path = "usage/staff.html")]
pub struct StaffShow {
    ctx: Ctx,
    name: String,
    tenant: String,
    view: View,
}

/// Any server's usage.
pub async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<ServerId>,
    Query(params): Query<PageParams>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let base = format!("/staff/servers/{id}");
    let view = View::load(&app, &mut tx, &server, base.clone(), &params).await?;
    let ctx = servers::with_engine_banner(&mut tx, ctx).await?;
    let status = view.status();
    let page = StaffShow {
        ctx: ctx.with_crumbs([("Servers", "/staff/servers"), (&*server.name, &*base)]),
        name: server.name.clone(),
        tenant: server.tenant_name,
        view,
    };
    Ok(Page(page).status(status))
}

/// What its charts are drawn from.
pub async fn staff_data(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Query(params): Query<PageParams>,
) -> Result<Json<UsageOut>, Error> {
    let span = params.span(app.now())?;
    usage(&mut scope.begin().await?, id, &span).await.map(Json)
}
