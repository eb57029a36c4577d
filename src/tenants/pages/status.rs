//! Suspending, resuming, closing and reopening a tenant. Dialogs on its tabs send the forms; whoever gets one wrong, or
//! has no script, finds the same form on a page of its own.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};

use super::super::model::{Reason, Tenant, Verb};
use super::super::{actions, store};
use super::show::{crumbs_below, path};

/// The form on a page of its own.
#[derive(Debug, Template)]
#[template(path = "tenants/status.html")]
pub(crate) struct StatusPage {
    ctx: Ctx,
    title: String,
    text: String,
    button: &'static str,
    asks_slug: bool,
    slug: String,
    back: String,
    state: FormState,
}

impl StatusPage {
    fn suspend(ctx: Ctx, tenant: &Tenant, state: FormState) -> Self {
        Self {
            ctx: crumbs_below(ctx, tenant),
            title: format!("Suspend {}", tenant.name),
            text: "Its servers are stopped and come back as they were when you resume it. Its people keep read access \
                   and see your reason."
                .to_owned(),
            button: "Suspend",
            asks_slug: false,
            slug: tenant.slug.clone(),
            back: path(tenant.id, ""),
            state,
        }
    }

    fn close(ctx: Ctx, app: &App, tenant: &Tenant, state: FormState) -> Self {
        let days = actions::retention(app).num_days();
        Self {
            ctx: crumbs_below(ctx, tenant),
            title: format!("Close {}", tenant.name),
            text: format!(
                "Its people no longer see it and its servers are stopped now. {days} days later everything of it is \
                 erased, except the audit log."
            ),
            button: "Close tenant",
            asks_slug: true,
            slug: tenant.slug.clone(),
            back: path(tenant.id, "/settings"),
            state,
        }
    }
}

/// Asks why to suspend.
pub(crate) async fn suspend_form(
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<StatusPage>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    Ok(Page(StatusPage::suspend(ctx, &tenant, FormState::default())))
}

/// Suspends.
pub(crate) async fn suspend(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    form: FormData,
) -> Result<Response, Error> {
    let mut errors = form.is_meant().err().unwrap_or_default();
    let reason = errors.check("reason", Reason::parse(form.get("reason")));
    let Some(reason) = reason.filter(|_| errors.0.is_empty()) else {
        let mut tx = scope.begin().await?;
        let tenant = store::find_tenant(&mut tx, id).await?;
        return Ok(Page(StatusPage::suspend(ctx, &tenant, FormState::new(form, errors))).status(422));
    };
    let tenant = actions::change_status(&app, &scope, id, Verb::Suspend(reason)).await?;
    Ok(done(&tenant, "is suspended. Its servers are being stopped."))
}

/// Resumes.
pub(crate) async fn resume(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
) -> Result<Response, Error> {
    let tenant = actions::change_status(&app, &scope, id, Verb::Resume).await?;
    Ok(done(
        &tenant,
        "is active again. Servers that ran before are being started.",
    ))
}

/// Asks why to close.
pub(crate) async fn close_form(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<StatusPage>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    Ok(Page(StatusPage::close(ctx, &app, &tenant, FormState::default())))
}

/// Closes, if the tenant's address was typed.
pub(crate) async fn close(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    form: FormData,
) -> Result<Response, Error> {
    let tenant = store::find_tenant(&mut scope.begin().await?, id).await?;
    let mut errors = form.is_meant().err().unwrap_or_default();
    let reason = errors.check("reason", Reason::parse(form.get("reason")));
    if form.get("confirm").trim() != tenant.slug {
        errors.add("confirm", format!("Type {} to confirm.", tenant.slug));
    }
    match reason {
        Some(reason) if errors.0.is_empty() => {
            let verb = Verb::Close {
                reason,
                keep: actions::retention(&app),
            };
            let tenant = actions::change_status(&app, &scope, id, verb).await?;
            Ok(done(&tenant, "is closed. Its servers are being stopped."))
        }
        _ => Ok(Page(StatusPage::close(
            ctx,
            &app,
            &tenant,
            FormState::new(form, errors),
        ))
        .status(422)),
    }
}

/// Reopens.
pub(crate) async fn reopen(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<TenantId>,
) -> Result<Response, Error> {
    let tenant = actions::change_status(&app, &scope, id, Verb::Reopen).await?;
    Ok(done(
        &tenant,
        "is open again. Servers that ran before are being started.",
    ))
}

fn done(tenant: &Tenant, what: &str) -> Response {
    SeeOther::to(path(tenant.id, ""))
        .good(format!("{} {what}", tenant.name))
        .into_response()
}
