//! All plans, and creating one.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::web::{Ctx, FormData, FormState, ListQuery, Page, Query, SeeOther};

use super::super::model::{Amounts, NewPlan, Plan, Resource};
use super::super::{actions, query};

/// The list.
#[derive(Debug, Template)]
#[template(path = "tenants/plans.html")]
pub(crate) struct PlanList {
    ctx: Ctx,
    query: ListQuery,
    plans: Vec<Plan>,
    next: String,
    may_manage: bool,
}

/// Shows the plans by name.
pub(crate) async fn list(
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<PlanList>, Error> {
    let mut tx = scope.begin().await?;
    let listing = query::plans(&mut tx, &query).await?;
    Ok(Page(PlanList {
        ctx,
        next: listing.next_href(&query).unwrap_or_default(),
        plans: listing.items,
        query,
        may_manage: scope.may(Permission::StaffPlanManage),
    }))
}

/// The form.
#[derive(Debug, Template)]
#[template(path = "tenants/plan_new.html")]
pub(crate) struct NewPlanPage {
    ctx: Ctx,
    state: FormState,
}

impl NewPlanPage {
    fn new(ctx: Ctx, state: FormState) -> Page<Self> {
        Page(Self {
            ctx: ctx.with_crumbs([("Plans", "/staff/plans")]),
            state,
        })
    }
}

/// Shows the form.
pub(crate) async fn form(_: StaffScope, ctx: Ctx) -> Page<NewPlanPage> {
    NewPlanPage::new(ctx, FormState::default())
}

/// Creates the plan.
pub(crate) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let created = match NewPlan::parse(form.get("name"), form.get("description"), limits(&form)) {
        Ok(new) => form.submit(actions::create_plan(&app, &scope, new)).await,
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(plan) => {
            let to = SeeOther::to(format!("/staff/plans/{}", plan.id));
            Ok(to
                .good(format!("The plan {} was created.", plan.name))
                .into_response())
        }
        Err(Error::Invalid(errors)) => Ok(NewPlanPage::new(ctx, FormState::new(form, errors)).status(422)),
        Err(error) => Err(error),
    }
}

/// The limits of a form.
pub(super) fn limits(form: &FormData) -> Result<Amounts, FieldErrors> {
    Amounts::parse(|name| form.get(name))
}
