//! A plan: its limits and its tenants.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::PlanId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, ListQuery, Page, Path, Query, SeeOther};

use super::super::model::{CORES, Plan, PlanPatch, Resource};
use super::super::query::{TenantFilter, TenantQuery};
use super::super::{actions, store};
use super::TenantRow;
use super::plans::limits;

/// The page.
#[derive(Debug, Template)]
#[template(path = "tenants/plan.html")]
pub(crate) struct PlanPage {
    ctx: Ctx,
    plan: Plan,
    state: FormState,
    tenants: Vec<TenantRow>,
    next: String,
    may_manage: bool,
    may_see_tenants: bool,
}

impl PlanPage {
    fn path(&self, below: &str) -> String {
        path(self.plan.id, below)
    }

    fn tone(&self) -> &'static str {
        if self.plan.archived_at.is_some() {
            "idle"
        } else {
            "good"
        }
    }

    fn word(&self) -> &'static str {
        if self.plan.archived_at.is_some() {
            "Archived"
        } else {
            "On offer"
        }
    }

    fn reach(&self) -> String {
        match self.plan.tenants {
            1 => "What you save holds for its tenant at once.".to_owned(),
            count => format!("What you save holds for its {count} tenants at once."),
        }
    }
}

fn path(plan: PlanId, below: &str) -> String {
    format!("/staff/plans/{plan}{below}")
}

/// A plan as its form shows it.
fn filled(plan: &Plan) -> FormState {
    let shown = |resource: Resource| plan.limits.get(resource).to_string();
    [
        Resource::Servers,
        Resource::Memory,
        Resource::Disk,
        Resource::Members,
        Resource::Networks,
    ]
    .into_iter()
    .fold(FormState::default(), |state, resource| {
        state.with(resource.name(), shown(resource))
    })
    .with(CORES, Resource::Cpu.show(plan.limits.cpu_millis))
    .with("name", plan.name.as_str())
    .with("description", plan.description.as_str())
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    (id, query): (PlanId, ListQuery),
    state: Option<FormState>,
) -> Result<Page<PlanPage>, Error> {
    let mut tx = scope.begin().await?;
    let plan = store::find_plan(&mut tx, id).await?;
    let query = TenantQuery {
        list: ListQuery {
            sort: Some("name".to_owned()),
            after: query.after,
            ..ListQuery::default()
        },
        filter: TenantFilter {
            plan: Some(id),
            ..TenantFilter::default()
        },
    };
    let listing = query.run(&mut tx).await?;
    let ids: Vec<_> = listing.items.iter().map(|tenant| tenant.id).collect();
    let usages = store::usages(&mut tx, &ids, app.now()).await?;
    Ok(Page(PlanPage {
        ctx: ctx.with_crumbs([("Plans", "/staff/plans")]),
        state: state.unwrap_or_else(|| filled(&plan)),
        next: listing
            .next
            .as_ref()
            .map(|next| format!("?after={next}"))
            .unwrap_or_default(),
        tenants: TenantRow::all(listing.items, &usages),
        plan,
        may_manage: scope.may(Permission::StaffPlanManage),
        may_see_tenants: scope.may(Permission::StaffTenantRead),
    }))
}

/// Shows the plan.
pub(crate) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
    Query(query): Query<ListQuery>,
) -> Result<Page<PlanPage>, Error> {
    page(&app, &scope, ctx, (id, query), None).await
}

/// Changes the plan.
pub(crate) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
    form: FormData,
) -> Result<Response, Error> {
    let patch = PlanPatch::parse(
        Some(form.get("name")),
        Some(form.get("description")),
        Some(limits(&form)),
    );
    let saved = match patch {
        Ok(patch) => {
            let check = form.same_version();
            form.submit(actions::update_plan(&app, &scope, id, patch, &check))
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match saved {
        Ok(_) => return Ok(SeeOther::to(path(id, "")).good("Saved.").into_response()),
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let state = Some(FormState::new(form, errors));
    Ok(page(&app, &scope, ctx, (id, ListQuery::default()), state)
        .await?
        .status(status))
}

/// Closes the plan to new tenants.
pub(crate) async fn archive(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<PlanId>,
) -> Result<SeeOther, Error> {
    let plan = actions::archive(&app, &scope, id, true).await?;
    Ok(SeeOther::to(path(id, "")).good(format!("{} takes no new tenants now.", plan.name)))
}

/// Opens the plan again.
pub(crate) async fn restore(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<PlanId>,
) -> Result<SeeOther, Error> {
    let plan = actions::archive(&app, &scope, id, false).await?;
    Ok(SeeOther::to(path(id, "")).good(format!("{} takes new tenants again.", plan.name)))
}
