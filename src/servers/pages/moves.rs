//! Moving a server to another tenant, by staff: searched for, chosen, and confirmed by the server's name.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::StaffScope;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{ServerId, TenantId, TicketId};
use crate::platform::web::{Ctx, FormData, FormState, ListQuery, Page, Path, Query, SeeOther};

use super::super::actions;
use super::super::model::Server;
use super::super::store;

#[derive(Template)]
#[template(path = "servers/move.html")]
pub struct Move {
    ctx: Ctx,
    server: Server,
    base: String,
    /// What was searched for.
    query: ListQuery,
    /// Id, name, what of its plan is used, and whether it is chosen.
    tenants: Vec<(String, String, String, bool)>,
    has_more: bool,
    form: FormState,
}

/// So many tenants are offered; who looks for another searches.
const OFFERED: i64 = 12;

/// What one comes from.
#[derive(Debug, Default, Deserialize)]
pub struct Origin {
    ticket: Option<TicketId>,
}

/// The form. `q` looks for tenants.
pub async fn form(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<ServerId>,
    (Query(query), Query(from)): (Query<ListQuery>, Query<Origin>),
) -> Result<Page<Move>, Error> {
    let mut form = FormState::default();
    if let Some(ticket) = from.ticket {
        form = form.with("ticket", ticket.to_string());
    }
    page(&app, &scope, ctx, id, (query, form)).await
}

async fn page(
    _app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: ServerId,
    (query, form): (ListQuery, FormState),
) -> Result<Page<Move>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    server.check_stays()?;
    let chosen = form.value("tenant").parse::<TenantId>().ok();
    let pattern = query.pattern()?;
    let mut found =
        store::tenants_to_choose(&mut tx, server.tenant, (pattern.as_deref(), chosen), OFFERED + 1).await?;
    let at_most = usize::try_from(OFFERED).unwrap_or(usize::MAX);
    let has_more = found.len() > at_most;
    found.truncate(at_most);
    let base = format!("/staff/servers/{id}");
    Ok(Page(Move {
        ctx: ctx.with_crumbs([
            ("Servers".to_owned(), "/staff/servers".to_owned()),
            (server.name.clone(), base.clone()),
        ]),
        tenants: found
            .into_iter()
            .map(|(tenant, name, slug)| (tenant.to_string(), name, slug, chosen == Some(tenant)))
            .collect(),
        has_more,
        server,
        base,
        query,
        form,
    }))
}

/// Moves the server, or shows the form again with what is wrong.
pub async fn act(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<ServerId>,
    data: FormData,
) -> Result<Response, Error> {
    let ticket = data.get("ticket").parse::<TicketId>().ok();
    let wanted = async {
        let to = data.get("tenant").parse::<TenantId>();
        let to = to.map_err(|_| Error::invalid("tenant", "Choose one of the tenants."))?;
        actions::move_server(&app, &scope, id, (to, ticket), Some(data.get("confirm"))).await
    };
    match data.submit(wanted).await {
        Ok(moved) => {
            let (name, tenant) = (&moved.server.name, &moved.server.tenant_name);
            let words = match &moved.renamed_from {
                Some(old) => format!(
                    "Moving {old} to {tenant} as {name}, because another server there is called {old}."
                ),
                None => format!("Moving {name} to {tenant}."),
            };
            let back = ticket.map_or_else(
                || format!("/staff/servers/{id}"),
                |ticket| format!("/staff/tickets/{ticket}"),
            );
            Ok(SeeOther::to(back).good(words).into_response())
        }
        Err(Error::Invalid(errors)) => again(&app, &scope, ctx, id, (data, errors, 422)).await,
        Err(error @ (Error::LimitReached { .. } | Error::Conflict { .. })) => {
            let (status, errors) = (error.status(), FieldErrors::one("", error.sentence()));
            again(&app, &scope, ctx, id, (data, errors, status)).await
        }
        Err(error) => Err(error),
    }
}

async fn again(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: ServerId,
    (data, errors, status): (FormData, FieldErrors, u16),
) -> Result<Response, Error> {
    let form = FormState::new(data, errors);
    let page = page(app, scope, ctx, id, (ListQuery::default(), form)).await?;
    Ok(page.status(status))
}
