//! What is promised to a tenant, and its months.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Page, PageQuery, Path, Query};

use super::super::model::{Kept, Month};
use super::super::store;
use super::{Promise, Shown, View, share, shown};

/// A month that is over.
struct Row {
    month: Month,
    label: String,
    availability: String,
    tone: &'static str,
    word: &'static str,
    credit: String,
}

#[derive(Template)]
#[template(path = "sla/tenant.html")]
pub(in super::super) struct List {
    ctx: Ctx,
    base: String,
    promise: Option<Promise>,
    running: Month,
    running_label: String,
    rows: Vec<Row>,
    next: String,
}

#[derive(Template)]
#[template(path = "sla/report.html")]
pub(in super::super) struct Show {
    ctx: Ctx,
    view: View,
    has_tickets: bool,
}

fn base(scope: &TenantScope) -> String {
    format!("/t/{}/sla", scope.member.slug)
}

/// The page of reports that is asked for.
pub(in super::super) async fn listing(
    scope: &TenantScope,
    query: &ListQuery,
) -> Result<Listing<Kept>, Error> {
    let before = Cursor::decode::<Month>(query.after.as_deref())?;
    let (limit, mut tx) = (query.fetch()?, scope.begin().await?);
    let before = before.map(Month::first);
    let kept = store::reports_of_tenant(&mut tx, scope.tenant(), before, limit).await?;
    Listing::new(kept, query, |kept| kept.report.month)
}

fn row(kept: &Kept) -> Row {
    let missed = kept.report.is_missed();
    let credit = match (kept.report.credit, &kept.decision) {
        (0, _) => "–".to_owned(),
        (credit, None) => format!("{credit} % proposed"),
        (credit, Some(decision)) if decision.is_approved => format!("{credit} % approved"),
        (credit, Some(_)) => format!("{credit} % refused"),
    };
    Row {
        month: kept.report.month,
        label: kept.report.month.label(),
        availability: share(kept.report.availability, "No servers"),
        tone: if missed { "bad" } else { "good" },
        word: if missed { "Missed" } else { "Kept" },
        credit,
    }
}

/// What is promised, and all months.
pub(in super::super) async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    let query = ListQuery::from(query);
    let listing = listing(&scope, &query).await?;
    let mut tx = scope.begin().await?;
    let terms = store::terms_of_tenant(&mut tx, scope.tenant()).await?;
    let running = Month::at(app.now(), store::zone(&mut tx, scope.tenant()).await?);
    Ok(Page(List {
        ctx,
        base: base(&scope),
        promise: terms.as_ref().map(Promise::from),
        running,
        running_label: running.label(),
        next: listing.next_href(&query).unwrap_or_default(),
        rows: listing.items.iter().map(row).collect(),
    }))
}

async fn found(app: &App, scope: &TenantScope, month: Month) -> Result<Shown, Error> {
    shown(app, &mut scope.begin().await?, scope.tenant(), month).await
}

/// A month.
pub(in super::super) async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, month)): Path<(String, Month)>,
) -> Result<Page<Show>, Error> {
    let shown = found(&app, &scope, month).await?;
    let base = base(&scope);
    let tickets = format!("/t/{}/tickets", scope.member.slug);
    Ok(Page(Show {
        ctx: ctx.with_crumbs([("SLA", base.as_str())]),
        view: View::new(&shown, format!("{base}/{month}"), &tickets),
        has_tickets: scope.may(Permission::TicketRead),
    }))
}

/// A month as a table.
pub(in super::super) async fn csv(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, month)): Path<(String, Month)>,
) -> Result<Response, Error> {
    found(&app, &scope, month).await?.csv()
}

/// A month to print.
pub(in super::super) async fn pdf(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, month)): Path<(String, Month)>,
) -> Result<Response, Error> {
    Ok(found(&app, &scope, month).await?.pdf())
}
