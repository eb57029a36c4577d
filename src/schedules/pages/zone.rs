//! The time zone of a tenant: for its own people, and for staff.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};

use crate::app::App;
use crate::platform::access::{StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, FormData, FormState, Page, Path, SeeOther};
use crate::tenants;

use super::super::actions;
use super::super::model::Zone;
use super::super::store;

const FIELD: &str = "time_zone";

#[derive(Template)]
#[template(path = "schedules/zone.html")]
pub(super) struct FormPage {
    ctx: Ctx,
    form: FormState,
    of: String,
    back: String,
    action: String,
    names: Vec<String>,
    now: String,
}

impl FormPage {
    fn new(
        app: &App,
        ctx: Ctx,
        (of, back, action): (String, String, String),
        zone: Zone,
        again: Option<FormState>,
    ) -> Self {
        let form = again.unwrap_or_else(|| FormState::default().with(FIELD, zone.name()));
        let typed = form.value(FIELD);
        // What is no zone is shown as it was sent, too.
        let is_odd = !typed.is_empty() && Zone::parse(typed).is_err();
        let odd = is_odd.then(|| typed.to_owned());
        Self {
            ctx: ctx.with_crumbs([("Settings", back.clone())]),
            names: odd.into_iter().chain(Zone::names().map(str::to_owned)).collect(),
            form,
            of,
            back,
            action,
            now: zone.show(app.now()),
        }
    }

    fn is_chosen(&self, name: &str) -> bool {
        self.form.value(FIELD) == name
    }
}

async fn own(
    app: &App,
    scope: &TenantScope,
    ctx: Ctx,
    again: Option<FormState>,
) -> Result<Page<FormPage>, Error> {
    let zone = store::zone(&mut scope.begin().await?, scope.tenant()).await?;
    let place = (
        scope.member.name.clone(),
        format!("/t/{}/settings", scope.member.slug),
        format!("/t/{}/settings/time-zone", scope.member.slug),
    );
    Ok(Page(FormPage::new(app, ctx, place, zone, again)))
}

/// The form for the tenant's people.
pub(super) async fn form(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
) -> Result<Page<FormPage>, Error> {
    own(&app, &scope, ctx, None).await
}

/// Sets the zone.
pub(super) async fn save(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    let wanted = data.get(FIELD).to_owned();
    let saved = data.submit(actions::set_zone(&app, &scope, &wanted)).await;
    let errors = match saved {
        Ok(_) => {
            let back = format!("/t/{}/settings", scope.member.slug);
            return Ok(SeeOther::to(back).good("Saved.").into_response());
        }
        Err(Error::Invalid(errors)) => errors,
        Err(error) => return Err(error),
    };
    let form = FormState::new(data, errors);
    Ok(own(&app, &scope, ctx, Some(form)).await?.status(422))
}

async fn any(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: TenantId,
    again: Option<FormState>,
) -> Result<Page<FormPage>, Error> {
    let mut tx = scope.begin().await?;
    let tenant = tenants::find_tenant(&mut tx, id).await?;
    let zone = store::zone(&mut tx, id).await?;
    let place = (
        tenant.name,
        format!("/staff/tenants/{id}/settings"),
        format!("/staff/tenants/{id}/time-zone"),
    );
    Ok(Page(FormPage::new(app, ctx, place, zone, again)))
}

/// The form for staff.
pub(super) async fn staff_form(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
) -> Result<Page<FormPage>, Error> {
    any(&app, &scope, ctx, id, None).await
}

/// Sets the zone of any tenant.
pub(super) async fn staff_save(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<TenantId>,
    data: FormData,
) -> Result<Response, Error> {
    let wanted = data.get(FIELD).to_owned();
    let saved = data
        .submit(actions::set_zone_as_staff(&app, &scope, id, &wanted))
        .await;
    let errors = match saved {
        Ok(_) => {
            let back = format!("/staff/tenants/{id}/settings");
            return Ok(SeeOther::to(back).good("Saved.").into_response());
        }
        Err(Error::Invalid(errors)) => errors,
        Err(error) => return Err(error),
    };
    let form = FormState::new(data, errors);
    Ok(any(&app, &scope, ctx, id, Some(form)).await?.status(422))
}
