//! What is shared with a person, over all tenants: their page, and the list for programs.

use askama::Template;
use axum::extract::State;
use axum::response::Response;
use serde::Serialize;
use utoipa::ToSchema;

use crate::app::App;
use crate::platform::access::{Guest, UserScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::web::{Ctx, ListOut, ListQuery, Listing, Page};
use crate::servers::{
    self,
    model::{Phase, Server},
};

use super::href;
use super::model::in_words;

#[derive(Debug)]
struct Row {
    id: ServerId,
    href: String,
    name: String,
    tenant: String,
    permissions: String,
    tone: &'static str,
    state: &'static str,
    sentence: String,
}

impl Row {
    fn new(app: &App, guest: &Guest, server: &Server) -> Self {
        let status = server.status(app.now());
        let pass = guest.member.pass();
        Self {
            id: guest.server,
            href: href(guest),
            name: server.name.clone(),
            tenant: guest.member.name.clone(),
            permissions: pass.map(|pass| in_words(&pass.permissions)).unwrap_or_default(),
            tone: status.phase.look(),
            state: status.phase.label(),
            sentence: status.sentence,
        }
    }
}

/// The page.
#[derive(Template)]
#[template(path = "guests/shared.html")]
pub struct Shared {
    ctx: Ctx,
    rows: Vec<Row>,
}

/// The server of each of the person's passes, read as its guest: what was taken back in this moment is left out.
async fn read<'a>(app: &App, scope: &'a UserScope) -> Result<Vec<(&'a Guest, Server)>, Error> {
    let mut found = Vec::new();
    for guest in &scope.actor.guests {
        let place = (guest.member.tenant, guest.server);
        let mut tx = app.db.guest_with(place, scope.actor.user, Plans::Fitted).await?;
        match servers::find(&mut tx, guest.server).await {
            Ok(server) => found.push((guest, server)),
            Err(Error::NotFound) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(found)
}

/// Shows what is shared with whoever looks.
pub async fn page(State(app): State<App>, scope: UserScope, ctx: Ctx) -> Result<Page<Shared>, Error> {
    let found = read(&app, &scope).await?;
    let rows = found.iter().map(|(guest, server)| Row::new(&app, guest, server));
    let rows = rows.collect();
    Ok(Page(Shared { ctx, rows }))
}

/// A server that is shared with the person whose token it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct SharedServerOut {
    /// The server, by which the addresses of servers find it.
    server_id: ServerId,
    /// Its name.
    #[schema(example = "web-1")]
    name: String,
    /// Whose it is.
    tenant_id: TenantId,
    /// The tenant's name.
    #[schema(example = "Acme")]
    tenant_name: String,
    /// How it is.
    status: Phase,
    /// What the person may do with it, as long as the token has the scope.
    permissions: Vec<&'static str>,
}

/// List what is shared with you
///
/// A guest's token is for one server, so there is one at most.
#[utoipa::path(get, path = "/api/v1/shared-servers", tag = "account",
    responses((status = 200, description = "Servers", body = ListOut<SharedServerOut>)))]
pub async fn list(State(app): State<App>, scope: UserScope) -> Result<Response, Error> {
    let items = read(&app, &scope).await?.into_iter().map(|(guest, server)| {
        let given = guest.member.pass().map(|pass| pass.permissions.as_slice());
        let given = given.unwrap_or_default().iter();
        SharedServerOut {
            server_id: guest.server,
            status: server.status(app.now()).phase,
            name: server.name,
            tenant_id: guest.member.tenant,
            tenant_name: guest.member.name.clone(),
            permissions: given.map(|one| one.name()).collect(),
        }
    });
    let listing = Listing {
        items: items.collect(),
        next: None,
    };
    Ok(listing.json(&ListQuery::default()))
}
