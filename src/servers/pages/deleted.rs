//! Deleted servers: what is kept and until when, the way back, and the end before the time.

use askama::Template;
use axum::extract::State;
use axum::response::Response;

use crate::app::App;
use crate::eggs;
use crate::platform::access::{Permission, StaffScope, TenantScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::ServerId;
use crate::platform::web::{Ctx, FormData, Fragment, LastSeen, ListQuery, Page, Path, Query, SeeOther, ago};

use super::super::actions;
use super::super::model::{Server, Status, Stay};
use super::super::query::deleted;
use super::super::store;
use super::list::{know, title};
use super::live::subject;
use super::{crumbs, href, tone};

/// One line of the tenant's list; also what the live stream sends.
#[derive(Debug, Template)]
#[template(path = "servers/deleted_row.html")]
pub struct Row {
    id: String,
    href: String,
    name: String,
    template: String,
    tone: &'static str,
    status: Status,
    deleted: String,
    deleted_ago: String,
    deleted_by: String,
    may_restore: bool,
}

/// Its template escapes what it prints.
impl askama::filters::HtmlSafe for Row {}

impl Row {
    fn new(app: &App, scope: &TenantScope, server: &Server) -> Self {
        let now = app.now();
        let status = server.status(now);
        let (deleted, deleted_ago, deleted_by) = deletion(app, server);
        Self {
            id: server.id.to_string(),
            href: href(&scope.member.slug, server.id),
            name: server.name.clone(),
            template: title(app, &server.template),
            tone: tone(status.phase),
            status,
            deleted,
            deleted_ago,
            deleted_by,
            may_restore: scope.may(Permission::ServerDelete)
                && server.stay() == Stay::Kept
                && server.stack.is_none(),
        }
    }
}

/// When it was deleted, how long ago that is, and by whom.
fn deletion(app: &App, server: &Server) -> (String, String, String) {
    server
        .deletion
        .as_ref()
        .map_or_else(Default::default, |deletion| {
            let by = deletion.by.clone().unwrap_or_default();
            (deletion.at.to_rfc3339(), ago(deletion.at, app.now()), by)
        })
}

#[derive(Template)]
#[template(path = "servers/deleted.html")]
pub struct Deleted {
    ctx: Ctx,
    slug: String,
    query: ListQuery,
    rows: Vec<Row>,
    next: String,
    days: u32,
    at_most: i64,
    live: String,
}

/// Lists the tenant's deleted servers.
pub async fn list(
    State(app): State<App>,
    scope: TenantScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<Deleted>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let newest = events::newest(&mut tx).await?;
    let listing = deleted(&mut tx, Some(scope.tenant()), &query).await?;
    know(&app, &mut tx, &listing.items).await?;
    let keeping = actions::keeping(&app, &mut tx, &scope, 1).await?;
    let slug = scope.member.slug.clone();
    let next = listing.next_href(&query).unwrap_or_default();
    Ok(Page(Deleted {
        ctx: crumbs(ctx, &scope),
        rows: listing
            .items
            .iter()
            .map(|server| Row::new(&app, &scope, server))
            .collect(),
        query,
        next,
        days: app.config.deleted_retention_days,
        at_most: keeping.at_most,
        live: format!("/t/{slug}/deleted-servers/live?after={newest}"),
        slug,
    }))
}

/// The list's stream: one row for each change.
pub async fn live(State(app): State<App>, scope: TenantScope, seen: LastSeen) -> Result<Response, Error> {
    app.live(&scope, seen, move |app, scope, event| async move {
        let Some(id) = subject(&scope, &event) else {
            return Ok(None);
        };
        row(&app, &scope, id).await.map(Some)
    })
    .await
}

async fn row(app: &App, scope: &TenantScope, id: ServerId) -> Result<Fragment, Error> {
    let mut tx = scope.begin().await?;
    let server = match store::find(&mut tx, id).await {
        Err(Error::NotFound) => None,
        other => Some(other?).filter(Server::is_deleted),
    };
    let Some(server) = server else {
        return Ok(Fragment::default().remove(&id.to_string()));
    };
    eggs::warm(app, &mut tx, &server.template).await?;
    let row = Row::new(app, scope, &server).render().map_err(Error::internal)?;
    Ok(Fragment::default().replace(&id.to_string(), &row))
}

/// Restores a server, and says so if it has to have another name.
pub async fn restore(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
) -> Result<SeeOther, Error> {
    match actions::restore(&app, &scope, id, None).await {
        Ok(restored) => {
            let name = &restored.server.name;
            let words = match &restored.renamed_from {
                Some(old) => format!("Restoring it as {name}, because another server is called {old} now."),
                None => format!("Restoring {name}."),
            };
            Ok(SeeOther::to(href(&slug, id)).info(words))
        }
        Err(error @ Error::LimitReached { .. }) => {
            let words = format!("It can't be restored now. {}", error.sentence());
            Ok(SeeOther::to(format!("/t/{slug}/deleted-servers")).bad(words))
        }
        Err(error) => Err(error),
    }
}

/// Erases a deleted server, if its name was typed.
pub async fn erase(
    State(app): State<App>,
    scope: TenantScope,
    Path((slug, id)): Path<(String, ServerId)>,
    form: FormData,
) -> Result<SeeOther, Error> {
    match actions::erase(&app, &scope, id, Some(form.get("confirm"))).await {
        Ok(asked) => {
            let words = format!("Erasing {} with its data.", asked.server.name);
            Ok(SeeOther::to(format!("/t/{slug}/deleted-servers")).info(words))
        }
        Err(Error::Invalid(errors)) => {
            let words = errors
                .get("confirm")
                .unwrap_or("The name does not match.")
                .to_owned();
            Ok(SeeOther::to(href(&slug, id)).bad(words))
        }
        Err(error) => Err(error),
    }
}

#[derive(Debug)]
struct Line {
    href: String,
    name: String,
    template: String,
    tenant: String,
    tenant_href: String,
    tone: &'static str,
    status: Status,
    deleted: String,
    deleted_ago: String,
    deleted_by: String,
}

#[derive(Template)]
#[template(path = "servers/staff_deleted.html")]
pub struct StaffDeleted {
    ctx: Ctx,
    query: ListQuery,
    rows: Vec<Line>,
    next: String,
}

/// Lists all tenants' deleted servers.
pub async fn staff_list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Query(query): Query<ListQuery>,
) -> Result<Page<StaffDeleted>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = deleted(&mut tx, None, &query).await?;
    know(&app, &mut tx, &listing.items).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let line = |server: Server| {
        let status = server.status(app.now());
        let (deleted, deleted_ago, deleted_by) = deletion(&app, &server);
        Line {
            href: format!("/staff/servers/{}", server.id),
            template: title(&app, &server.template),
            tenant_href: format!("/staff/tenants/{}", server.tenant),
            tone: tone(status.phase),
            tenant: server.tenant_name,
            name: server.name,
            status,
            deleted,
            deleted_ago,
            deleted_by,
        }
    };
    Ok(Page(StaffDeleted {
        ctx: ctx.with_crumbs([("Servers", "/staff/servers")]),
        rows: listing.map(line).items,
        query,
        next,
    }))
}
