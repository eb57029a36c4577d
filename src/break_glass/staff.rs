//! Grants for staff: all of them, opening one, and one with the ways to what it shows.

use askama::Template;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{BreakGlassId, ServerId, TenantId, TicketId};
use crate::platform::web::{
    Ctx, Cursor, FormData, FormState, ListQuery, Listing, Page, PageQuery, Path, Query, SeeOther, mistakes,
};
use crate::servers;
use crate::tenants;
use crate::tickets;

use super::actions;
use super::model::{Grant, Part, Wish};
use super::pages::{Row, rows};
use super::store;

const HOME: &str = "/staff/break-glass";
const TICKETS: &str = "/staff/tickets";

#[derive(Template)]
#[template(path = "break_glass/staff_list.html")]
pub(super) struct List {
    ctx: Ctx,
    rows: Vec<Row>,
    next: String,
    may_open: bool,
}

/// A page of all grants.
pub(super) async fn page_of(scope: &StaffScope, query: &ListQuery) -> Result<Listing<Grant>, Error> {
    let before = Cursor::decode(query.after.as_deref())?;
    let found = store::list_all(&mut scope.begin().await?, before, query.fetch()?).await?;
    Listing::new(found, query, |grant| (grant.opened_at, grant.id.0))
}

/// Lists them.
pub(super) async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<PageQuery>,
) -> Result<Page<List>, Error> {
    let query = ListQuery::from(query);
    let listing = page_of(&scope, &query).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let rows = rows(&mut scope.begin().await?, listing.items, TICKETS, app.now()).await?;
    Ok(Page(List {
        ctx,
        rows,
        next,
        may_open: scope.may(Permission::StaffBreakGlass),
    }))
}

/// What one comes from.
#[derive(Debug, Default, Deserialize)]
pub struct Origin {
    /// The ticket that it is for.
    ticket: Option<TicketId>,
    /// The server whose console was asked for.
    server: Option<ServerId>,
    /// The organisation whose things were asked for.
    tenant: Option<TenantId>,
    /// What was asked for; a console if nothing is said.
    part: Option<Part>,
}

#[derive(Template)]
#[template(path = "break_glass/new.html")]
pub(super) struct New {
    ctx: Ctx,
    form: FormState,
    /// The tenant, if one comes from it or a server of its, and its open tickets.
    tenant: String,
    tickets: Vec<(String, String)>,
}

fn crumbs(ctx: Ctx) -> Ctx {
    ctx.with_crumbs([("Break glass", HOME)])
}

/// Asks why and for how long.
pub(super) async fn new(scope: StaffScope, ctx: Ctx, Query(from): Query<Origin>) -> Result<Page<New>, Error> {
    let mut tx = scope.begin().await?;
    let mut form = FormState::default()
        .with("parts", from.part.unwrap_or(Part::Console).word())
        .with("minutes", "60");
    if let Some(ticket) = from.ticket {
        let ticket = tickets::find(&mut tx, ticket).await?;
        form = form.with("ticket", ticket.number.to_string());
    }
    let whose = match from.server {
        Some(server) => Some(servers::find(&mut tx, server).await?.tenant),
        None => from.tenant,
    };
    let (tenant, tickets) = match whose {
        Some(tenant) => {
            let tickets = store::tickets(&mut tx, tenant).await?.into_iter();
            let named = tickets.map(|(number, subject)| (number.to_string(), format!("#{number} {subject}")));
            let named = named.collect();
            (tenants::find_tenant(&mut tx, tenant).await?.name, named)
        }
        None => (String::new(), Vec::new()),
    };
    Ok(Page(New {
        ctx: crumbs(ctx),
        form,
        tenant,
        tickets,
    }))
}

async fn wished(app: &App, scope: &StaffScope, data: &FormData) -> Result<Grant, Error> {
    let wish = Wish::parse(
        data.all("parts"),
        data.get("reason"),
        data.get("minutes").parse().ok(),
    );
    let number = data.get("ticket").trim().trim_start_matches('#').parse();
    let mut errors = match &wish {
        Ok(_) => FieldErrors::default(),
        Err(errors) => errors.clone(),
    };
    let ticket = match number {
        Ok(number) => match tickets::by_number(&mut scope.begin().await?, number).await {
            Err(Error::NotFound) => None,
            other => Some(other?),
        },
        Err(_) => None,
    };
    if ticket.is_none() {
        errors.add("ticket", "Type the number of a ticket of that organisation.");
    }
    errors.into_result()?;
    match (wish, ticket) {
        (Ok(wish), Some(ticket)) => actions::open(app, scope, ticket, &wish).await,
        _ => Err(Error::internal("a wish without errors lacks a part")),
    }
}

/// Opens one.
pub(super) async fn open(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    data: FormData,
) -> Result<Response, Error> {
    match data.submit(wished(&app, &scope, &data)).await {
        Ok(grant) => {
            let to = SeeOther::to(format!("{HOME}/{}", grant.id));
            let text = format!("{} sees now that you can see this, and why.", grant.tenant_name);
            Ok(to.warn(text).into_response())
        }
        Err(error) => {
            let (errors, status) = mistakes(error)?;
            let page = New {
                ctx: crumbs(ctx),
                form: FormState::new(data, errors),
                tenant: String::new(),
                tickets: Vec::new(),
            };
            Ok(Page(page).status(status))
        }
    }
}

/// A server that can be looked into: its name, its console and its files.
struct Way {
    name: String,
    console: String,
    files: String,
}

#[derive(Template)]
#[template(path = "break_glass/show.html")]
pub(super) struct Show {
    ctx: Ctx,
    row: Row,
    ways: Vec<Way>,
    mail: String,
    archive: String,
    /// Where it is ended.
    end_href: String,
}

/// One, and the ways to what it shows.
pub(super) async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<BreakGlassId>,
) -> Result<Page<Show>, Error> {
    let mut tx = scope.begin().await?;
    let grant = store::find(&mut tx, id).await?;
    let now = app.now();
    let is_own = grant.staff == Some(scope.actor.user) && grant.is_open(now);
    let has = |part| is_own && grant.parts.contains(&part);
    let (console, files, mail) = (has(Part::Console), has(Part::Files), has(Part::Mail));
    let archive = if has(Part::Archive) {
        format!("/staff/tenants/{}/archive", grant.tenant)
    } else {
        String::new()
    };
    let mut ways = Vec::new();
    if console || files {
        for (server, name) in store::servers(&mut tx, grant.tenant).await? {
            let way = |is_there: bool, href: String| if is_there { href } else { String::new() };
            ways.push(Way {
                name,
                console: way(console, format!("/staff/servers/{server}/console")),
                files: way(files, format!("{HOME}/{id}/servers/{server}/files")),
            });
        }
    }
    let may_end = grant.is_open(now) && scope.may(Permission::StaffBreakGlass);
    let mut rows = rows(&mut tx, vec![grant], TICKETS, now).await?;
    let row = rows.pop().ok_or(Error::NotFound)?;
    Ok(Page(Show {
        ctx: crumbs(ctx),
        row,
        ways,
        archive,
        mail: if mail {
            format!("{HOME}/{id}/mail")
        } else {
            String::new()
        },
        end_href: if may_end {
            format!("{HOME}/{id}/end")
        } else {
            String::new()
        },
    }))
}

/// Ends one.
pub(super) async fn end(
    State(app): State<App>,
    scope: StaffScope,
    Path(id): Path<BreakGlassId>,
) -> Result<SeeOther, Error> {
    let grant = actions::end(&app, &scope, id).await?;
    let text = format!("{} sees that it is over.", grant.tenant_name);
    Ok(SeeOther::to(format!("{HOME}/{id}")).good(text))
}
