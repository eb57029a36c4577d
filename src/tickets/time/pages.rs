//! Time for staff: what was spent on a ticket, a correction, and what a plan includes.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{PlanId, TicketId, TimeEntryId};
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther, ago, mistakes};
use crate::tenants;
use crate::tickets;
use crate::tickets::extras::{ExtrasSide as _, crumbs, href};

use super::model::{Entry, Spent, parse_included, words};
use super::{actions, store};

/// An entry on the page.
struct Row {
    id: TimeEntryId,
    minutes: String,
    what: String,
    is_billable: bool,
    is_correction: bool,
    by: String,
    at: String,
    ago: String,
}

#[derive(Template)]
#[template(path = "tickets/extras/time.html")]
pub(super) struct Time {
    ctx: Ctx,
    label: String,
    base: String,
    rows: Vec<Row>,
    spent: String,
    /// How much the tenant has this month; nothing of a ticket without tenant.
    support: String,
    form: FormState,
    may_write: bool,
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    (id, form): (TicketId, FormState),
) -> Result<Page<Time>, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::find(&mut tx, id).await?;
    let now = app.now();
    let row = |entry: Entry| Row {
        id: entry.id,
        minutes: words(i64::from(entry.minutes)),
        what: entry.what,
        is_billable: entry.is_billable,
        is_correction: entry.corrects.is_some(),
        by: entry.created_by,
        at: entry.created_at.to_rfc3339(),
        ago: ago(entry.created_at, now),
    };
    Ok(Page(Time {
        ctx: crumbs(ctx, scope, &ticket),
        label: ticket.label(),
        base: href(scope, &ticket),
        rows: store::list(&mut tx, id).await?.into_iter().map(row).collect(),
        spent: words(store::spent(&mut tx, id).await?),
        support: match ticket.tenant {
            Some(tenant) => actions::support(app, &mut tx, tenant).await?.words(),
            None => String::new(),
        },
        form,
        may_write: scope.may_write(),
    }))
}

/// Shows what was spent.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
) -> Result<Page<Time>, Error> {
    let form = FormState::default().with("billable", "true");
    page(&app, &scope, ctx, (id, form)).await
}

/// Adds time.
pub(super) async fn add(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TicketId>,
    data: FormData,
) -> Result<Response, Error> {
    let spent = Spent::parse(data.get("minutes"), data.get("what"), false);
    let added = actions::add(&app, &scope, id, spent, data.checked("billable"));
    match data.submit(added).await {
        Ok(new) => {
            let to = SeeOther::to(format!("/staff/tickets/{id}/time"));
            let minutes = words(i64::from(new.minutes));
            Ok(to.good(format!("Added {minutes}.")).into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(data, errors);
            Ok(page(&app, &scope, ctx, (id, form)).await?.status(status))
        }
    }
}

#[derive(Template)]
#[template(path = "tickets/extras/time_correct.html")]
pub(super) struct Correction {
    ctx: Ctx,
    base: String,
    id: TimeEntryId,
    what: String,
    form: FormState,
}

type Place = Path<(TicketId, TimeEntryId)>;

async fn correction_page(
    scope: &StaffScope,
    ctx: Ctx,
    (ticket, id): (TicketId, TimeEntryId),
    again: Option<FormState>,
) -> Result<Page<Correction>, Error> {
    let mut tx = scope.begin().await?;
    let ticket = tickets::find(&mut tx, ticket).await?;
    let entry = store::find(&mut tx, (ticket.id, id)).await?;
    let minutes = store::corrected(&mut tx, id).await?;
    let filled = || FormState::default().with("minutes", minutes.to_string());
    Ok(Page(Correction {
        ctx: crumbs(ctx, scope, &ticket),
        base: href(scope, &ticket),
        id,
        what: entry.what,
        form: again.unwrap_or_else(filled),
    }))
}

/// Asks what an entry should have been.
pub(super) async fn correction(
    scope: StaffScope,
    ctx: Ctx,
    Path(place): Place,
) -> Result<Page<Correction>, Error> {
    correction_page(&scope, ctx, place, None).await
}

/// Corrects it.
pub(super) async fn correct(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(place): Place,
    data: FormData,
) -> Result<Response, Error> {
    let wanted = Spent::parse(data.get("minutes"), data.get("what"), true);
    match data.submit(actions::correct(&app, &scope, place, wanted)).await {
        Ok(_) => {
            let to = SeeOther::to(format!("/staff/tickets/{}/time", place.0));
            Ok(to.good("Corrected.").into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Some(FormState::new(data, errors));
            Ok(correction_page(&scope, ctx, place, again).await?.status(status))
        }
    }
}

#[derive(Template)]
#[template(path = "tickets/extras/plan_support.html")]
pub(super) struct PlanSupport {
    ctx: Ctx,
    plan: PlanId,
    name: String,
    version: i64,
    form: FormState,
}

async fn plan_page(
    scope: &StaffScope,
    ctx: Ctx,
    id: PlanId,
    again: Option<FormState>,
) -> Result<Page<PlanSupport>, Error> {
    let mut tx = scope.begin().await?;
    let plan = tenants::find_plan(&mut tx, id).await?;
    let (minutes, version) = store::plan(&mut tx, id).await?;
    let filled = || FormState::default().with("included_minutes", minutes.to_string());
    Ok(Page(PlanSupport {
        ctx: ctx.with_crumbs([
            ("Plans".to_owned(), "/staff/plans".to_owned()),
            (plan.name.clone(), format!("/staff/plans/{id}")),
        ]),
        plan: id,
        name: plan.name,
        version,
        form: again.unwrap_or_else(filled),
    }))
}

/// Asks how much time a plan includes.
pub(super) async fn plan(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
) -> Result<Page<PlanSupport>, Error> {
    plan_page(&scope, ctx, id, None).await
}

/// Saves it.
pub(super) async fn save_plan(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
    data: FormData,
) -> Result<Response, Error> {
    let minutes = parse_included(data.get("included_minutes"));
    let saved = actions::set_plan(&app, &scope, id, minutes, data.same_version());
    match data.submit(saved).await {
        Ok(_) => {
            let to = SeeOther::to(format!("/staff/plans/{id}"));
            Ok(to.good("Saved.").into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let again = Some(FormState::new(data, errors));
            Ok(plan_page(&scope, ctx, id, again).await?.status(status))
        }
    }
}
