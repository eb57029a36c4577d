//! Creating a tenant.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, FormData, FormState, Page, SeeOther};

use super::super::model::{NewTenant, Plan, Resource};
use super::super::{actions, store};

/// The form.
#[derive(Debug, Template)]
#[template(path = "tenants/new.html")]
pub(crate) struct NewPage {
    ctx: Ctx,
    state: FormState,
    plans: Vec<Plan>,
}

impl NewPage {
    fn is_chosen(&self, plan: &Plan) -> bool {
        self.state.has("plan_id", &plan.id.to_string())
    }

    /// `Starter: 3 servers, 2 vCPU, 4 GiB memory, 40 GiB disk`.
    fn choice(plan: &Plan) -> String {
        let show = |resource: Resource| resource.show(plan.limits.get(resource));
        format!(
            "{}: {} servers, {} vCPU, {} memory, {} disk",
            plan.name,
            show(Resource::Servers),
            show(Resource::Cpu),
            show(Resource::Memory),
            show(Resource::Disk)
        )
    }
}

async fn page(scope: &StaffScope, ctx: Ctx, state: FormState) -> Result<Page<NewPage>, Error> {
    let mut tx = scope.begin().await?;
    let ctx = ctx.with_crumbs([("Tenants", "/staff/tenants")]);
    Ok(Page(NewPage {
        ctx,
        state,
        plans: store::plans_for_choice(&mut tx, None).await?,
    }))
}

/// Shows the form.
pub(crate) async fn form(scope: StaffScope, ctx: Ctx) -> Result<Page<NewPage>, Error> {
    page(&scope, ctx, FormState::default()).await
}

/// Creates the tenant and goes on to inviting its first owner.
pub(crate) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    form: FormData,
) -> Result<Response, Error> {
    let created = match NewTenant::parse(form.get("name"), Some(form.get("slug")), form.get("plan_id")) {
        Ok(new) => form.submit(actions::create(&app, &scope, new)).await,
        Err(errors) => Err(errors.into()),
    };
    match created {
        Ok(tenant) => {
            let to = SeeOther::to(format!("/staff/tenants/{}/members", tenant.id));
            Ok(to
                .good(format!("{} was created. Invite its first owner.", tenant.name))
                .into_response())
        }
        Err(Error::Invalid(errors)) => Ok(page(&scope, ctx, FormState::new(form, errors)).await?.status(422)),
        Err(error) => Err(error),
    }
}
