//! Opening a ticket as staff: for a tenant that rang up, or for nobody yet.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::TenantId;
use crate::platform::web::{Ctx, FormState, Page, Query, SeeOther, mistakes};

use super::super::attachments::FormWithFiles;
use super::super::model::Ticket;
use super::super::{open_by_staff, store};
use super::new::{Grade, opening};
use super::parts::Choice;

#[derive(Template)]
#[template(path = "tickets/staff_new.html")]
pub(super) struct New {
    ctx: Ctx,
    tenants: Vec<Choice>,
    severities: Vec<Grade>,
    form: FormState,
}

/// What the form begins with.
#[derive(Debug, Deserialize)]
pub(super) struct Begin {
    #[serde(default)]
    tenant: Option<String>,
    #[serde(default)]
    about: Option<String>,
}

async fn page(scope: &StaffScope, ctx: Ctx, form: FormState) -> Result<Page<New>, Error> {
    let all = store::pages::tenants_offered(&mut scope.begin().await?).await?;
    let nobody = (String::new(), "Nobody yet: triage".to_owned());
    let named = all.into_iter().map(|(id, name)| (id.to_string(), name));
    Ok(Page(New {
        ctx: ctx.with_crumbs([("Tickets", "/staff/tickets")]),
        tenants: Choice::all([nobody].into_iter().chain(named), form.value("tenant")),
        severities: Grade::all(),
        form,
    }))
}

/// Asks what it is about.
pub(super) async fn form(
    scope: StaffScope,
    ctx: Ctx,
    Query(begin): Query<Begin>,
) -> Result<Page<New>, Error> {
    let form = FormState::default()
        .with("tenant", begin.tenant.unwrap_or_default())
        .with("about", begin.about.unwrap_or_default());
    page(&scope, ctx, form).await
}

async fn opened(app: &App, scope: &StaffScope, sent: &FormWithFiles) -> Result<Ticket, Error> {
    let data = &sent.data;
    let tenant = match data.get("tenant") {
        "" => None,
        id => Some(
            id.parse::<TenantId>()
                .map_err(|_| Error::invalid("tenant", "Choose a tenant."))?,
        ),
    };
    open_by_staff(app, scope, tenant, opening(data)?, sent.files()?).await
}

/// Opens it.
pub(super) async fn create(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    sent: FormWithFiles,
) -> Result<Response, Error> {
    match sent.data.submit(opened(&app, &scope, &sent)).await {
        Ok(ticket) => Ok(SeeOther::to(super::staff_href(ticket.id))
            .good(format!("Ticket #{} is open.", ticket.number))
            .into_response()),
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let form = FormState::new(sent.data, errors);
            Ok(page(&scope, ctx, form).await?.status(status))
        }
    }
}
