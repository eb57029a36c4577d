//! A tenant's settings, for staff.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::TenantId;
use crate::platform::web::{CHANGED, Ctx, FormData, FormState, Page, Path, SeeOther};

use super::super::model::{Status, TenantPatch};
use super::super::{actions, store};
use super::show::{Head, crumbs, path};

/// The tab.
#[derive(Debug, Template)]
#[template(path = "tenants/settings.html")]
pub(crate) struct Settings {
    ctx: Ctx,
    head: Head,
    state: FormState,
    days: i64,
}

async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: TenantId,
    state: Option<FormState>,
) -> Result<Page<Settings>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find_tenant(&mut tx, id).await?;
    Ok(Page(Settings {
        ctx: crumbs(ctx),
        state: state.unwrap_or_else(|| FormState::default().with("name", tenant.name.as_str())),
        head: Head::new(app, scope, tenant, "settings"),
        days: actions::retention(app).num_days(),
    }))
}

/// Shows the tab.
pub(crate) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<Settings>, Error> {
    page(&app, &scope, ctx, id, None).await
}

/// Renames the tenant.
pub(crate) async fn save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    form: FormData,
) -> Result<Response, Error> {
    let saved = match TenantPatch::parse(Some(form.get("name")), None) {
        Ok(patch) => {
            let check = form.same_version();
            form.submit(actions::update(&app, &scope, id, patch, &check))
                .await
        }
        Err(errors) => Err(errors.into()),
    };
    let (errors, status) = match saved {
        Ok(_) => return Ok(SeeOther::to(path(id, "/settings")).good("Saved.").into_response()),
        Err(Error::Invalid(errors)) => (errors, 422),
        Err(Error::PreconditionFailed) => (FieldErrors::one("", CHANGED), 412),
        Err(error) => return Err(error),
    };
    Ok(page(&app, &scope, ctx, id, Some(FormState::new(form, errors)))
        .await?
        .status(status))
}
