//! The page of a tenant's storage.

use askama::Template;
use axum::extract::State;
use chrono::{DateTime, Utc};

use crate::app::App;
use crate::platform::access::TenantScope;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{MailDomainId, ServerId, TenantId};
use crate::platform::web::{Ctx, Json, Page, Query, ago};
use crate::servers;
use crate::usage::bytes;

use super::super::api::{HistoryParams, StorageHistoryOut, StorageOut, ThingQuery, past, storage};
use super::super::model::{Kind, Level, Policy, Range};
use super::super::store::{self, Notice, Thing};

/// As many lines of the history and of warnings as somebody reads.
const LINES: usize = 60;
const WARNINGS: i64 = 10;

/// What is used now; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "storage/now.html")]
pub struct Now {
    out: StorageOut,
    at: DateTime<Utc>,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Now {}

impl Now {
    pub(super) async fn load(app: &App, tx: &mut impl Scoped, tenant: TenantId) -> Result<Self, Error> {
        Ok(Self {
            out: storage(app, tx, tenant).await?,
            at: app.now(),
        })
    }

    fn percent(&self) -> u32 {
        u32::try_from(self.out.share().clamp(0, 100)).unwrap_or(100)
    }

    fn used(&self) -> String {
        let allowed = bytes(self.out.allowed());
        self.out.used().map_or_else(
            || format!("not measured yet, of {allowed}"),
            |used| format!("{} of {allowed}", bytes(used)),
        )
    }

    fn changed(&self) -> String {
        self.out
            .changed_at()
            .map(|at| {
                format!(
                    "Changed {}; servers are measured every half hour at least.",
                    ago(at, self.at)
                )
            })
            .unwrap_or_default()
    }

    fn forecast(&self) -> (&'static str, String) {
        match (Level::of(self.out.share()), self.out.full_in_days()) {
            (Level::Full, _) => ("Full", "now".to_owned()),
            (_, Some(0)) => ("Within a day", "if it goes on like this".to_owned()),
            (_, Some(1)) => ("In 1 day", "if it goes on like this".to_owned()),
            (_, Some(_)) => ("", "if it goes on like this".to_owned()),
            (_, None) => ("–", "no steady growth in the last days".to_owned()),
        }
    }

    fn full(&self) -> String {
        match (self.forecast(), self.out.full_in_days()) {
            (("", _), Some(days)) => format!("In {days} days"),
            ((word, _), _) => word.to_owned(),
        }
    }

    fn kinds(&self) -> Vec<(&'static str, String, String)> {
        let kinds = self.out.kinds();
        kinds
            .map(|(kind, held, things)| {
                let outside = if kind.counts() {
                    ""
                } else {
                    ", outside of the plan"
                };
                (kind.label(), bytes(held), format!("{things} in all{outside}"))
            })
            .collect()
    }

    fn policy(&self) -> String {
        let end = self.out.suspends_at();
        match (self.out.policy(), end) {
            (Policy::Block, _) => "While it is full, new and larger things are refused.".to_owned(),
            (Policy::Suspend, Some(end)) => format!(
                "The organisation is suspended on {} unless there is room by then.",
                end.format("%-d %B %Y, %H:%M UTC")
            ),
            (Policy::Suspend, None) => {
                "While it is full, new and larger things are refused, and after some days the organisation is suspended."
                    .to_owned()
            }
            (Policy::Notify, _) => "You are warned at 80, 90 and 100 %.".to_owned(),
            (Policy::Allow | Policy::AllowAndNotify, _) => "Your plan lets you go beyond it.".to_owned(),
        }
    }
}

struct Row {
    name: String,
    href: String,
    kind: &'static str,
    held: String,
    allowed: String,
    changed: String,
    changed_ago: String,
    note: &'static str,
}

impl Row {
    fn new(thing: Thing, slug: &str, now: DateTime<Utc>) -> Self {
        let is_open = thing.is_server && !thing.is_deleted;
        Self {
            href: match thing.kind {
                _ if is_open => format!("/t/{slug}/servers/{}", ServerId(thing.subject)),
                Kind::Mail if !thing.name.is_empty() => {
                    format!("/t/{slug}/mail/domains/{}", MailDomainId(thing.subject))
                }
                _ => String::new(),
            },
            kind: thing.kind.label(),
            held: bytes(thing.bytes),
            allowed: thing.allowed.map(bytes).unwrap_or_default(),
            changed: thing.changed_at.to_rfc3339(),
            changed_ago: ago(thing.changed_at, now),
            note: if thing.is_deleted {
                "deleted, and kept until it is erased"
            } else {
                ""
            },
            name: if thing.name.is_empty() {
                thing.kind.label().to_owned()
            } else {
                thing.name
            },
        }
    }
}

struct Line {
    iso: String,
    at: String,
    held: String,
}

struct Told {
    tone: &'static str,
    word: &'static str,
    iso: String,
    ago: String,
    text: String,
}

impl Told {
    fn new(notice: &Notice, now: DateTime<Utc>) -> Self {
        let ended = match notice.ended_at {
            Some(at) => format!(", until {}", at.format("%Y-%m-%d %H:%M UTC")),
            None => String::new(),
        };
        Self {
            tone: notice.level.tone(),
            word: notice.level.word(),
            iso: notice.at.to_rfc3339(),
            ago: ago(notice.at, now),
            text: format!(
                "{} of {} were used{ended}",
                bytes(notice.used),
                bytes(notice.allowed)
            ),
        }
    }
}

#[derive(Template)]
#[template(path = "storage/show.html")]
pub(crate) struct Show {
    ctx: Ctx,
    base: String,
    now: Now,
    ranges: Vec<(&'static str, String, bool)>,
    data: String,
    lines: Vec<Line>,
    query: ThingQuery,
    rows: Vec<Row>,
    next: String,
    told: Vec<Told>,
    live: String,
}

impl Show {
    fn is_narrowed(&self) -> bool {
        !self.query.list.text().is_empty() || self.query.filter.kind.is_some()
    }

    fn kinds(&self) -> [(&'static str, &'static str, bool); 5] {
        Kind::ALL.map(|kind| (kind.name(), kind.label(), self.query.filter.kind == Some(kind)))
    }
}

/// The page.
pub(crate) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    mut query: ThingQuery,
    Query(params): Query<HistoryParams>,
) -> Result<Page<Show>, Error> {
    let (range, tenant, now) = (params.range()?, scope.tenant(), app.now());
    let mut tx = scope.begin().await?;
    let (ctx, newest) = servers::live_page(&mut tx, ctx).await?;
    query.list.sort.get_or_insert_with(|| "-size".to_owned());
    let listing = query.run(&mut tx, tenant).await?;
    let history = past(&app, &mut tx, tenant, range, None).await?;
    let told = store::notices(&mut tx, tenant, None, WARNINGS).await?;
    let figures = Now::load(&app, &mut tx, tenant).await?;
    let (slug, base) = (&scope.member.slug, format!("/t/{}/storage", scope.member.slug));
    Ok(Page(Show {
        ctx,
        now: figures,
        ranges: Range::ALL
            .map(|one| (one.label(), format!("{base}?range={}", one.name()), one == range))
            .to_vec(),
        data: format!("{base}/data?range={}", range.name()),
        lines: lines(&history),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.map(|thing| Row::new(thing, slug, now)).items,
        query,
        told: told.iter().map(|notice| Told::new(notice, now)).collect(),
        live: format!("{base}/live?after={newest}"),
        base,
    }))
}

/// The newest changes, the newest first.
fn lines(history: &StorageHistoryOut) -> Vec<Line> {
    let changes = history.changes.iter().rev().take(LINES);
    changes
        .map(|change| Line {
            iso: change.at.to_rfc3339(),
            at: change.at.format("%Y-%m-%d %H:%M").to_string(),
            held: bytes(change.bytes),
        })
        .collect()
}

/// What the chart is drawn from.
pub(crate) async fn data(
    State(app): State<App>,
    scope: TenantScope,
    Query(params): Query<HistoryParams>,
) -> Result<Json<StorageHistoryOut>, Error> {
    let range = params.range()?;
    let mut tx = scope.begin().await?;
    past(&app, &mut tx, scope.tenant(), range, None).await.map(Json)
}
