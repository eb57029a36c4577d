//! The form that says what a plan does about overuse.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::PlanId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::tenants;

use super::super::actions;
use super::super::api::overuse::checked;
use super::super::model::{Overuse, Policy};
use super::super::store;

#[derive(Debug, Template)]
#[template(path = "storage/plan.html")]
pub(crate) struct PlanOveruse {
    ctx: Ctx,
    plan: PlanId,
    name: String,
    version: i64,
    state: FormState,
}

impl PlanOveruse {
    fn policies(&self) -> [(&'static str, &'static str, bool); 5] {
        let chosen = self.state.value("policy");
        Policy::ALL.map(|policy| (policy.name(), policy.label(), chosen == policy.name()))
    }
}

async fn page(
    scope: &StaffScope,
    ctx: Ctx,
    id: PlanId,
    state: Option<FormState>,
) -> Result<Page<PlanOveruse>, Error> {
    let mut tx = scope.begin().await?;
    let plan = tenants::find_plan(&mut tx, id).await?;
    let kept = store::find_overuse(&mut tx, id).await?;
    let filled = FormState::default()
        .with("policy", kept.overuse.policy.name())
        .with("grace_days", kept.overuse.grace_days.to_string());
    Ok(Page(PlanOveruse {
        ctx: ctx.with_crumbs([
            ("Plans".to_owned(), "/staff/plans".to_owned()),
            (plan.name.clone(), format!("/staff/plans/{id}")),
        ]),
        plan: id,
        name: plan.name,
        version: kept.version,
        state: state.unwrap_or(filled),
    }))
}

/// Shows the form.
pub(crate) async fn form(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
) -> Result<Page<PlanOveruse>, Error> {
    page(&scope, ctx, id, None).await
}

fn parse(form: &FormData) -> Result<Overuse, Error> {
    let mut errors = FieldErrors::default();
    let policy = Policy::parse(form.get("policy"));
    if policy.is_none() {
        errors.add("policy", "Choose what happens.");
    }
    let overuse = checked(
        policy.unwrap_or_default(),
        form.get("grace_days").trim().parse().unwrap_or_default(),
    );
    if let Err(Error::Invalid(more)) = &overuse {
        for error in &more.0 {
            errors.add(&error.field, error.message.clone());
        }
    }
    errors.into_result()?;
    overuse
}

/// Saves what was chosen.
pub(crate) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
    form: FormData,
) -> Result<Response, Error> {
    let expected = form.same_version();
    let saved = match parse(&form) {
        Ok(new) => {
            form.submit(actions::set_overuse(&app, &scope, id, new, &expected))
                .await
        }
        Err(error) => Err(error),
    };
    let (errors, status) = match saved {
        Ok(_) => {
            return Ok(SeeOther::to(format!("/staff/plans/{id}"))
                .good("Saved.")
                .into_response());
        }
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    let state = Some(FormState::new(form, errors));
    Ok(page(&scope, ctx, id, state).await?.status(status))
}
