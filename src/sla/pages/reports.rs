//! Months of all tenants, for the provider: who missed what, and what is given back.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::IntoParams;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{
    Ctx, Cursor, FormData, FormState, ListQuery, Listing, Page, Path, Query, SeeOther, mistakes,
};

use super::super::actions::{self, Verdict};
use super::super::model::Month;
use super::super::store::{self, MonthFilter, TenantMonth};
use super::{Shown, View, shown};

/// Which month, and of whom.
#[derive(Debug, Clone, Default, Deserialize, Serialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct MonthQuery {
    /// The month, such as `2026-03`; the last one that is over in UTC if not given.
    #[param(value_type = Option<String>)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    month: Option<Month>,
    /// Only those to whom something was not kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missed: Option<bool>,
    /// Search text.
    #[param(max_length = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    q: Option<String>,
    /// The cursor of the answer before: `next`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// How many, at most 200; 50 if not given.
    #[param(minimum = 1, maximum = 200)]
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u16>,
}

/// The page that is asked for, and of which month it is.
pub(in super::super) async fn listing(
    app: &App,
    scope: &StaffScope,
    query: &MonthQuery,
) -> Result<(Month, Listing<TenantMonth>), Error> {
    let month = query
        .month
        .unwrap_or_else(|| Month::of(app.now().date_naive()).before());
    let list = ListQuery {
        q: query.q.clone(),
        after: query.after.clone(),
        limit: query.limit,
        ..ListQuery::default()
    };
    let (after, pattern) = (Cursor::decode(list.after.as_deref())?, list.pattern()?);
    let filter = MonthFilter {
        pattern: pattern.as_deref(),
        is_missed: query.missed == Some(true),
    };
    let mut tx = scope.begin().await?;
    let rows = store::reports_of_month(&mut tx, (month, app.now()), filter, after, list.fetch()?).await?;
    let listing = Listing::new(rows, &list, |one| (one.name_key.clone(), one.tenant.0))?;
    Ok((month, listing))
}

/// A tenant's line.
struct Row {
    href: String,
    name: String,
    policy: String,
    availability: String,
    tone: &'static str,
    word: &'static str,
    credit: String,
}

#[derive(Template)]
#[template(path = "sla/reports.html")]
pub(in super::super) struct List {
    ctx: Ctx,
    month: Month,
    label: String,
    is_missed: bool,
    sought: String,
    before: Month,
    after: Month,
    rows: Vec<Row>,
    next: String,
}

impl List {
    fn shows_missed(&self) -> bool {
        self.is_missed
    }

    fn shows_all(&self) -> bool {
        !self.is_missed
    }
}

fn row(one: TenantMonth, month: Month) -> Row {
    let (tone, word) = match one.frozen {
        None => ("busy", "Not final"),
        Some((true, ..)) => ("bad", "Missed"),
        Some((false, ..)) => ("good", "Kept"),
    };
    let credit = match one.frozen {
        None | Some((_, 0, _)) => "–".to_owned(),
        Some((_, credit, decision)) => {
            format!("{credit} % {}", decision.as_deref().unwrap_or("to be decided"))
        }
    };
    Row {
        href: address(one.tenant, month),
        name: one.name,
        policy: one.policy,
        availability: one
            .availability
            .map_or_else(|| "–".to_owned(), |share| format!("{share} %")),
        tone,
        word,
        credit,
    }
}

fn address(tenant: TenantId, month: Month) -> String {
    format!("/staff/sla/tenants/{tenant}/{month}")
}

/// All tenants of a month.
pub(in super::super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<MonthQuery>,
) -> Result<Page<List>, Error> {
    let (month, listing) = listing(&app, &scope, &query).await?;
    Ok(Page(List {
        ctx,
        month,
        label: month.label(),
        is_missed: query.missed == Some(true),
        before: month.before(),
        after: month.next(),
        next: listing.next_href(&query).unwrap_or_default(),
        sought: query.q.unwrap_or_default(),
        rows: listing.items.into_iter().map(|one| row(one, month)).collect(),
    }))
}

#[derive(Template)]
#[template(path = "sla/staff_report.html")]
pub(in super::super) struct Show {
    ctx: Ctx,
    view: View,
    tenant_name: String,
    tenant_href: String,
    has_tickets: bool,
    /// Whether there is something to decide, for whoever may.
    is_open: bool,
    decided: String,
    state: FormState,
}

fn page(scope: &StaffScope, ctx: Ctx, shown: &Shown, state: FormState) -> Page<Show> {
    let report = &shown.report;
    let is_open = shown.frozen_at.is_some() && shown.decision.is_none() && report.credit > 0;
    let decided = shown
        .decision
        .as_ref()
        .map(|decision| format!("Decided by {}.", decision.by));
    Page(Show {
        ctx: ctx.with_crumbs([("SLA", "/staff/sla")]),
        view: View::new(shown, address(report.tenant, report.month), "/staff/tickets"),
        tenant_name: report.tenant_name.clone(),
        tenant_href: format!("/staff/tenants/{}", report.tenant),
        has_tickets: scope.may(Permission::StaffTicketRead),
        is_open: is_open && scope.may(Permission::StaffSlaManage),
        decided: decided.unwrap_or_default(),
        state,
    })
}

async fn found(app: &App, scope: &StaffScope, (tenant, month): (TenantId, Month)) -> Result<Shown, Error> {
    shown(app, &mut scope.begin().await?, tenant, month).await
}

/// A tenant's month.
pub(in super::super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(place): Path<(TenantId, Month)>,
) -> Result<Page<Show>, Error> {
    let shown = found(&app, &scope, place).await?;
    Ok(page(&scope, ctx, &shown, FormState::default()))
}

/// A tenant's month as a table.
pub(in super::super) async fn csv(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(TenantId, Month)>,
) -> Result<Response, Error> {
    found(&app, &scope, place).await?.csv()
}

/// A tenant's month to print.
pub(in super::super) async fn pdf(
    State(app): State<App>,
    scope: StaffScope,
    Path(place): Path<(TenantId, Month)>,
) -> Result<Response, Error> {
    Ok(found(&app, &scope, place).await?.pdf())
}

/// Gives the credit, or does not.
pub(in super::super) async fn decide(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(place): Path<(TenantId, Month)>,
    form: FormData,
) -> Result<Response, Error> {
    let verdict = match form.get("verdict") {
        "approve" => Ok(Verdict::Approve),
        "refuse" => Ok(Verdict::Refuse),
        _ => Err(Error::invalid("verdict", "Choose whether the credit is given.")),
    };
    let decided = match verdict {
        Ok(verdict) => {
            form.submit(actions::decide(&app, &scope, place, verdict, form.get("reason")))
                .await
        }
        Err(error) => Err(error),
    };
    let (errors, status) = match decided {
        Ok(_) => {
            let to = SeeOther::to(address(place.0, place.1));
            return Ok(to
                .good("Decided. The tenant sees it in the report.")
                .into_response());
        }
        Err(error) => mistakes(error)?,
    };
    let shown = found(&app, &scope, place).await?;
    Ok(page(&scope, ctx, &shown, FormState::new(form, errors)).status(status))
}
