//! The form that says how much mail a plan allows.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::PlanId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::tenants;

use super::actions;
use super::model::{Limits, WhenSuspended};
use super::store;

#[derive(Debug, Template)]
#[template(path = "mail/limits/plan.html")]
pub(super) struct PlanMail {
    ctx: Ctx,
    plan: PlanId,
    name: String,
    version: i64,
    state: FormState,
}

impl PlanMail {
    fn choices(&self) -> [(&'static str, &'static str, bool); 2] {
        let chosen = self.state.value("when_suspended");
        WhenSuspended::ALL.map(|choice| (choice.name(), choice.label(), chosen == choice.name()))
    }
}

fn filled(limits: &Limits) -> FormState {
    FormState::default()
        .with("max_domains", limits.max_domains.to_string())
        .with("max_mailboxes", limits.max_mailboxes.to_string())
        .with("max_aliases", limits.max_aliases.to_string())
        .with("max_mail_mib", limits.max_mail_mib.to_string())
        .with("hourly_limit", limits.hourly_limit.to_string())
        .with("when_suspended", limits.when_suspended.name())
}

async fn page(
    scope: &StaffScope,
    ctx: Ctx,
    id: PlanId,
    state: Option<FormState>,
) -> Result<Page<PlanMail>, Error> {
    let mut tx = scope.begin().await?;
    let plan = tenants::find_plan(&mut tx, id).await?;
    let kept = store::find(&mut tx, id).await?;
    Ok(Page(PlanMail {
        ctx: ctx.with_crumbs([
            ("Plans".to_owned(), "/staff/plans".to_owned()),
            (plan.name.clone(), format!("/staff/plans/{id}")),
        ]),
        plan: id,
        name: plan.name,
        version: kept.version,
        state: state.unwrap_or_else(|| filled(&kept.limits)),
    }))
}

/// Shows the form.
pub(super) async fn form(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
) -> Result<Page<PlanMail>, Error> {
    page(&scope, ctx, id, None).await
}

fn parse(form: &FormData) -> Result<Limits, Error> {
    let count = |field: &str| form.get(field).trim().parse::<i32>().unwrap_or(-1);
    let choice = WhenSuspended::parse(form.get("when_suspended"));
    let limits = Limits {
        max_domains: count("max_domains"),
        max_mailboxes: count("max_mailboxes"),
        max_aliases: count("max_aliases"),
        max_mail_mib: form.get("max_mail_mib").trim().parse().unwrap_or(-1),
        hourly_limit: count("hourly_limit"),
        when_suspended: choice.unwrap_or_default(),
    };
    let mut errors = limits.checked().err().unwrap_or_default();
    if choice.is_none() {
        errors.add("when_suspended", "Choose what becomes of the mail.");
    }
    errors.into_result()?;
    Ok(limits)
}

/// Saves what was chosen.
pub(super) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<PlanId>,
    form: FormData,
) -> Result<Response, Error> {
    let expected = form.same_version();
    let saved = match parse(&form) {
        Ok(new) => form.submit(actions::set(&app, &scope, id, new, &expected)).await,
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
