//! Giving a tenant another plan, after seeing what it would do.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{PlanId, TenantId};
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, Query, SeeOther};

use super::super::model::{Plan, Shift, Tenant, TenantPatch, shifts};
use super::super::{actions, store};
use super::show::{crumbs_below, path};

/// The choice and its effects.
#[derive(Debug, Template)]
#[template(path = "tenants/plan_change.html")]
pub(crate) struct PlanChange {
    ctx: Ctx,
    tenant: Tenant,
    plans: Vec<Plan>,
    wanted: Option<Plan>,
    shifts: Vec<Shift>,
    is_over: bool,
    state: FormState,
    back: String,
}

impl PlanChange {
    fn now_on(&self) -> String {
        format!("{} is on the plan {}.", self.tenant.name, self.tenant.plan_name)
    }

    fn choice(&self, plan: &Plan) -> String {
        if plan.id == self.tenant.plan {
            format!("{} (now)", plan.name)
        } else {
            plan.name.clone()
        }
    }

    fn is_chosen(&self, plan: &Plan) -> bool {
        self.wanted.as_ref().map_or(self.tenant.plan, |wanted| wanted.id) == plan.id
    }

    fn confirm_label(plan: &Plan) -> String {
        format!("Change to {}", plan.name)
    }
}

/// Which plan is looked at.
#[derive(Debug, Deserialize)]
pub(crate) struct Wanted {
    plan_id: Option<PlanId>,
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    (id, wanted): (TenantId, Option<PlanId>),
    state: FormState,
) -> Result<Page<PlanChange>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    let plans = store::plans_for_choice(&mut tx, Some(tenant.plan)).await?;
    let wanted = wanted.filter(|wanted| *wanted != tenant.plan);
    let wanted = plans.iter().find(|plan| Some(plan.id) == wanted).cloned();
    let usage = store::usage(&mut tx, id, app.now()).await?;
    let shifts = wanted
        .as_ref()
        .map(|plan| shifts(&usage, &tenant.limits, &plan.limits))
        .unwrap_or_default();
    Ok(Page(PlanChange {
        ctx: crumbs_below(ctx, &tenant),
        is_over: shifts.iter().any(|shift| shift.to.over() > 0),
        back: path(id, ""),
        tenant,
        plans,
        wanted,
        shifts,
        state,
    }))
}

/// Shows the plans, and what the chosen one would do.
pub(crate) async fn preview(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    Query(wanted): Query<Wanted>,
) -> Result<Page<PlanChange>, Error> {
    page(&app, &scope, ctx, (id, wanted.plan_id), FormState::default()).await
}

/// Changes the plan.
pub(crate) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    form: FormData,
) -> Result<Response, Error> {
    let wanted = form.get("plan_id").parse().ok();
    let saved = match TenantPatch::parse(None, Some(form.get("plan_id"))) {
        Ok(patch) => {
            let check = form.same_version();
            form.submit(actions::update(&app, &scope, id, patch, &check))
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match saved {
        Ok(tenant) => {
            let text = format!("{} is on the plan {} now.", tenant.name, tenant.plan_name);
            return Ok(SeeOther::to(path(id, "")).good(text).into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let state = FormState::new(form, errors);
    Ok(page(&app, &scope, ctx, (id, wanted), state).await?.status(status))
}
