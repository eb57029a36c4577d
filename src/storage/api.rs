//! The ledger for programs.

pub(super) mod capacity;
pub(super) mod overuse;

use axum::extract::State;
use axum::response::Response;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{NoticeId, ServerId, TenantId};
use crate::platform::web::{Cursor, Json, ListOut, ListQuery, Listing, PageQuery, Path, Query, Sorted};

use super::model::{Kind, Past, Policy, Range, Step, days_until_full, filled, percent};
use super::store::{self, ByKind, Notice, Sort, Summary, Thing};

/// What all things of a kind hold.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StorageOfKindOut)]
pub(super) struct KindOut {
    kind: Kind,
    bytes: i64,
    things: i64,
    /// Whether it fills the plan's disk.
    counts: bool,
}

impl From<ByKind> for KindOut {
    fn from(one: ByKind) -> Self {
        Self {
            kind: one.kind,
            bytes: one.bytes,
            things: one.things,
            counts: one.kind.counts(),
        }
    }
}

/// What a tenant uses of what.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StorageOut {
    /// Bytes in use that count against the plan; null if nothing was measured yet.
    used_bytes: Option<i64>,
    /// When that changed last.
    changed_at: Option<DateTime<Utc>>,
    /// Bytes that the plan allows.
    allowed_bytes: i64,
    /// The used share; may be more than 100.
    percent: i64,
    /// The warning that stands: 0, 80, 90 or 100.
    warning: i16,
    /// What happens when it is full.
    policy: Policy,
    /// Since when it has been full, if it is.
    full_since: Option<DateTime<Utc>>,
    /// When the organisation is suspended for that, if nothing changes.
    suspends_at: Option<DateTime<Utc>>,
    /// In how many days it is full if it goes on like this; null if it is, or if nobody can tell.
    full_in_days: Option<i64>,
    /// What it is made of.
    kinds: Vec<KindOut>,
}

/// Everything that the page and the API say of a tenant.
pub(super) async fn storage(app: &App, tx: &mut impl Scoped, tenant: TenantId) -> Result<StorageOut, Error> {
    let summary = store::summary(tx, tenant).await?;
    let kinds = Summary::kinds(tx, tenant).await?;
    let used = summary.used.unwrap_or_default();
    let standing = summary.standing;
    let end = standing
        .full_since
        .filter(|_| summary.overuse.policy == Policy::Suspend && standing.suspended_at.is_none());
    Ok(StorageOut {
        used_bytes: summary.used,
        changed_at: summary.changed_at,
        allowed_bytes: summary.allowed,
        percent: percent(used, summary.allowed),
        warning: standing.level.percent(),
        policy: summary.overuse.policy,
        full_since: standing.full_since,
        suspends_at: end.map(|since| since + summary.overuse.grace()),
        full_in_days: forecast(app, tx, tenant, summary.allowed).await?,
        kinds: kinds.into_iter().map(KindOut::from).collect(),
    })
}

impl StorageOut {
    pub(super) fn used(&self) -> Option<i64> {
        self.used_bytes
    }

    pub(super) fn allowed(&self) -> i64 {
        self.allowed_bytes
    }

    pub(super) fn share(&self) -> i64 {
        self.percent
    }

    pub(super) fn full_in_days(&self) -> Option<i64> {
        self.full_in_days
    }

    pub(super) fn policy(&self) -> Policy {
        self.policy
    }

    pub(super) fn suspends_at(&self) -> Option<DateTime<Utc>> {
        self.suspends_at
    }

    pub(super) fn changed_at(&self) -> Option<DateTime<Utc>> {
        self.changed_at
    }

    pub(super) fn kinds(&self) -> impl Iterator<Item = (Kind, i64, i64)> {
        self.kinds.iter().map(|one| (one.kind, one.bytes, one.things))
    }
}

/// How far back the forecast looks.
const LOOK_BACK: TimeDelta = TimeDelta::days(14);

async fn forecast(
    app: &App,
    tx: &mut impl Scoped,
    tenant: TenantId,
    allowed: i64,
) -> Result<Option<i64>, Error> {
    let now = app.now();
    let from = Step::Hour.floor(now - LOOK_BACK);
    let (past, current) = store::history(tx, tenant, None, (Step::Hour, from)).await?;
    let all = filled(&past, (from, now), Step::Hour, current).into_iter();
    let known: Vec<_> = all.filter_map(|(at, value)| Some((at, value?))).collect();
    Ok(days_until_full(&known, allowed))
}

/// Show what is used
///
/// What the tenant's things hold together, of how much, and when it is full if it goes on like this.
#[utoipa::path(get, path = "/api/v1/storage", tag = "storage",
    responses((status = 200, description = "What is used", body = StorageOut)))]
pub(super) async fn show(State(app): State<App>, scope: TenantScope) -> Result<Json<StorageOut>, Error> {
    let mut tx = scope.begin().await?;
    storage(&app, &mut tx, scope.tenant()).await.map(Json)
}

/// Show what a tenant uses
#[utoipa::path(get, path = "/api/v1/staff/tenants/{tenant}/storage", tag = "staff tenants", params(("tenant" = TenantId, Path)),
    responses((status = 200, description = "What is used", body = StorageOut)))]
pub(super) async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    Path(tenant): Path<TenantId>,
) -> Result<Json<StorageOut>, Error> {
    let mut tx = scope.begin().await?;
    storage(&app, &mut tx, tenant).await.map(Json)
}

/// Which things.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct ThingFilter {
    /// Only of this kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<Kind>,
}

/// Which things, in which order.
pub(super) type ThingQuery = Sorted<ThingFilter>;

impl ThingQuery {
    fn sort(&self) -> Result<Sort, Error> {
        let after = self.list.after.as_deref();
        Ok(match self.list.sort.as_deref() {
            None | Some("" | "-size") => Sort::Largest(Cursor::decode(after)?),
            Some("size") => Sort::Smallest(Cursor::decode(after)?),
            Some("name") => Sort::Name(Cursor::decode(after)?),
            Some("-name") => Sort::NameDown(Cursor::decode(after)?),
            Some(_) => return Err(Error::invalid("sort", "Use size, -size, name or -name.")),
        })
    }

    /// The page that is asked for.
    pub(super) async fn run(&self, tx: &mut impl Scoped, tenant: TenantId) -> Result<Listing<Thing>, Error> {
        let (sort, pattern) = (self.sort()?, self.list.pattern()?);
        let by_name = matches!(sort, Sort::Name(_) | Sort::NameDown(_));
        let narrowed = (pattern.as_deref(), self.filter.kind);
        let rows = store::list(tx, tenant, narrowed, sort, self.list.fetch()?).await?;
        Listing::new(rows, &self.list, |thing| key(thing, by_name))
    }
}

fn key(thing: &Thing, by_name: bool) -> serde_json::Value {
    let (kind, subject) = (thing.kind.name(), thing.subject);
    if by_name {
        serde_json::json!([thing.name_key, kind, subject])
    } else {
        serde_json::json!([thing.bytes, kind, subject])
    }
}

/// A thing that holds data.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StorageThingOut {
    kind: Kind,
    /// The server that it is about, if it is about one.
    server: Option<ServerId>,
    /// What people call it.
    name: String,
    /// Bytes that it holds.
    bytes: i64,
    /// Bytes that it may hold; null where nothing limits it by itself.
    allowed_bytes: Option<i64>,
    /// When that changed last.
    changed_at: DateTime<Utc>,
    /// Whether its server is deleted, and kept until it is erased.
    is_deleted: bool,
}

impl From<Thing> for StorageThingOut {
    fn from(thing: Thing) -> Self {
        Self {
            server: thing.is_server.then_some(ServerId(thing.subject)),
            kind: thing.kind,
            name: thing.name,
            bytes: thing.bytes,
            allowed_bytes: thing.allowed,
            changed_at: thing.changed_at,
            is_deleted: thing.is_deleted,
        }
    }
}

/// List what holds data
///
/// Sorted by `-size` (the default), `size`, `name` or `-name`; searched by name.
#[utoipa::path(get, path = "/api/v1/storage/things", tag = "storage", params(ListQuery, ThingFilter),
    responses((status = 200, description = "A page of the things", body = ListOut<StorageThingOut>)))]
pub(super) async fn things(scope: TenantScope, query: ThingQuery) -> Result<Response, Error> {
    let listing = query.run(&mut scope.begin().await?, scope.tenant()).await?;
    Ok(listing.map(StorageThingOut::from).json(&query))
}

/// Which past.
#[derive(Debug, Clone, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(super) struct HistoryParams {
    /// `7d` or `30d` (by the hour), `1y` or `2y` (by the day), up to now; `30d` if not given.
    #[serde(default)]
    pub(super) range: String,
    /// Of one server; of all that counts against the plan if not given.
    #[serde(default)]
    server: Option<ServerId>,
}

impl HistoryParams {
    pub(super) fn range(&self) -> Result<Range, Error> {
        Range::parse(&self.range).ok_or_else(|| Error::invalid("range", "Use 7d, 30d, 1y or 2y."))
    }
}

/// What was used at the end of a step.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StoragePoint {
    /// The step's beginning.
    at: DateTime<Utc>,
    /// Bytes.
    bytes: i64,
}

/// What was used.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StorageHistoryOut {
    /// The beginning of the first step.
    from: DateTime<Utc>,
    /// The end of the last one.
    to: DateTime<Utc>,
    /// How long a step is.
    step_seconds: i64,
    /// Bytes that are allowed now; null if nothing limits it by itself.
    allowed: Option<i64>,
    /// The steps, the oldest first. One that is absent was before anything was measured.
    points: Vec<StoragePoint>,
    #[serde(skip)]
    pub(super) changes: Vec<Past>,
}

pub(super) async fn past(
    app: &App,
    tx: &mut impl Scoped,
    tenant: TenantId,
    range: Range,
    server: Option<ServerId>,
) -> Result<StorageHistoryOut, Error> {
    let (now, step) = (app.now(), range.step());
    let from = range.from(now);
    let thing = server.map(|id| (Kind::Server, id.0));
    let (changes, current) = store::history(tx, tenant, thing, (step, from)).await?;
    let all = filled(&changes, (from, now), step, current).into_iter();
    let points = all.filter_map(|(at, value)| Some(StoragePoint { at, bytes: value? }));
    let allowed = match server {
        None => Some(store::summary(tx, tenant).await?.allowed),
        Some(_) => None,
    };
    Ok(StorageHistoryOut {
        from,
        to: step.floor(now) + step.length(),
        step_seconds: step.length().num_seconds(),
        allowed,
        points: points.collect(),
        changes,
    })
}

/// Show what was used
#[utoipa::path(get, path = "/api/v1/storage/history", tag = "storage", params(HistoryParams),
    responses((status = 200, description = "The steps", body = StorageHistoryOut)))]
pub(super) async fn history(
    State(app): State<App>,
    scope: TenantScope,
    Query(params): Query<HistoryParams>,
) -> Result<Json<StorageHistoryOut>, Error> {
    let range = params.range()?;
    let mut tx = scope.begin().await?;
    past(&app, &mut tx, scope.tenant(), range, params.server)
        .await
        .map(Json)
}

/// A warning.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct StorageNoticeOut {
    id: NoticeId,
    /// What was reached: 80, 90 or 100.
    percent: i16,
    /// Bytes that were used.
    used_bytes: i64,
    /// Bytes that were allowed.
    allowed_bytes: i64,
    at: DateTime<Utc>,
    /// When there was room again.
    ended_at: Option<DateTime<Utc>>,
}

impl From<Notice> for StorageNoticeOut {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id,
            percent: notice.level.percent(),
            used_bytes: notice.used,
            allowed_bytes: notice.allowed,
            at: notice.at,
            ended_at: notice.ended_at,
        }
    }
}

/// List warnings
///
/// Given once each time that 80, 90 or 100 percent were reached, the newest first.
#[utoipa::path(get, path = "/api/v1/storage/notices", tag = "storage", params(PageQuery),
    responses((status = 200, description = "A page of the warnings", body = ListOut<StorageNoticeOut>)))]
pub(super) async fn notices(scope: TenantScope, Query(query): Query<PageQuery>) -> Result<Response, Error> {
    let query = ListQuery::from(query);
    let (after, limit) = (Cursor::decode(query.after.as_deref())?, query.fetch()?);
    let rows = store::notices(&mut scope.begin().await?, scope.tenant(), after, limit).await?;
    let listing = Listing::new(rows, &query, |notice| (notice.at, notice.id.0))?;
    Ok(listing.map(StorageNoticeOut::from).json(&query))
}
