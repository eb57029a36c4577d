//! The console's page, and the connection that it opens.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::break_glass::{self, Part};
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TicketId};
use crate::platform::web::{Ctx, Page, Path, Query, SeeOther, Socket};

use super::super::pages::{Head, crumbs};
use super::super::store;
use super::access::Scope;
use super::model::Way;
use super::open::{Caller, Screen, upgrade};
use super::visit::way;

/// The terminal and what stands around it.
#[derive(Debug, Template)]
#[template(path = "servers/console_panel.html")]
pub struct Panel {
    socket: String,
    logs: Option<String>,
    is_attach: bool,
    may_type: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Panel {}

#[derive(Template)]
#[template(path = "servers/console.html")]
pub struct Show {
    ctx: Ctx,
    head: Head,
    panel: Panel,
}

#[derive(Template)]
#[template(path = "servers/staff_console.html")]
pub struct StaffShow {
    ctx: Ctx,
    name: String,
    tenant: String,
    panel: Panel,
}

/// The console of one of the tenant's servers.
pub async fn show(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Path((_, id)): Path<(String, ServerId)>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    let head = Head::new(&app, &scope, &server, "console");
    let panel = Panel {
        socket: format!("{}/console/socket", head.base),
        logs: scope
            .may(Permission::ServerLogs)
            .then(|| format!("{}/logs", head.base)),
        is_attach: way(&app, &server) == Way::Attach,
        may_type: scope.may(Permission::ServerConsole),
    };
    Ok(Page(Show {
        ctx: crumbs(ctx, &scope),
        head,
        panel,
    }))
}

/// The ticket that staff come from.
#[derive(Debug, Default, Deserialize)]
pub struct Origin {
    ticket: Option<TicketId>,
}

/// The console of any server, for staff who broke the glass; others are sent to where they do.
pub async fn staff_show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<ServerId>,
    Query(from): Query<Origin>,
) -> Result<Response, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    let asked = (server.tenant, Part::Console);
    match break_glass::check(&mut tx, &scope, asked, app.now()).await {
        Ok(_) => {}
        Err(Error::Conflict { .. }) => {
            let ticket = from.ticket.map(|ticket| format!("&ticket={ticket}"));
            let to = format!("/staff/break-glass/new?server={id}{}", ticket.unwrap_or_default());
            let text = "A console is the customer's own. Say why you need to see it, and for how long.";
            return Ok(SeeOther::to(to).info(text).into_response());
        }
        Err(error) => return Err(error),
    }
    let base = format!("/staff/servers/{id}");
    let panel = Panel {
        socket: format!("{base}/console/socket"),
        logs: None,
        is_attach: way(&app, &server) == Way::Attach,
        may_type: scope.may(Permission::StaffServerConsole),
    };
    let way_back = [("Servers", "/staff/servers".to_owned()), (&*server.name, base)];
    Ok(Page(StaffShow {
        ctx: ctx.with_crumbs(way_back),
        name: server.name.clone(),
        tenant: server.tenant_name,
        panel,
    })
    .into_response())
}

/// The connection of a page of the tenant's people.
pub async fn socket(
    State(app): State<App>,
    scope: TenantScope,
    Path((_, id)): Path<(String, ServerId)>,
    Query(screen): Query<Screen>,
    socket: Socket,
) -> Result<Response, Error> {
    upgrade(app, Scope::Tenant(scope), (id, screen), socket, Caller::Page).await
}

/// The connection of a page of the staff's.
pub async fn staff_socket(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<ServerId>,
    Query(screen): Query<Screen>,
    socket: Socket,
) -> Result<Response, Error> {
    upgrade(app, Scope::Staff(scope), (id, screen), socket, Caller::Page).await
}
