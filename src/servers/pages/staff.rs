//! All tenants' servers, for the provider's people.

use askama::Template;
use axum::extract::State;

use crate::app::App;
use crate::platform::access::{Permission, StaffScope};
use crate::platform::db::Plans;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::operations;
use crate::platform::web::{Ctx, FormState, Page, Path, Query, SeeOther, ago};
use crate::usage::{self, Sparks};

use super::super::actions;
use super::super::model::{Server, Status, Stay};
use super::super::query::ServerQuery;
use super::super::store::{self, StateFilter};
use super::super::updates::has_update;
use super::list::{Picks, know, title};
use super::power::Button;
use super::tone;

#[derive(Debug)]
struct Line {
    id: ServerId,
    href: String,
    name: String,
    template: String,
    tenant: String,
    tenant_href: String,
    tone: &'static str,
    status: Status,
    sparks: Sparks,
    created: String,
    created_ago: String,
    has_update: bool,
}

#[derive(Template)]
#[template(path = "servers/staff_list.html")]
pub struct StaffList {
    ctx: Ctx,
    query: ServerQuery,
    rows: Vec<Line>,
    next: String,
    may_update: bool,
    may_power: bool,
    /// The same page with everything chosen.
    all: String,
    is_picked: bool,
}

/// Lists all servers.
pub async fn list(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    query: ServerQuery,
    Query(picks): Query<Picks>,
) -> Result<Page<StaffList>, Error> {
    let mut tx = scope.begin_with(Plans::Kept).await?;
    let listing = query.run(&app.catalogue, &mut tx, query.filter.tenant).await?;
    know(&app, &mut tx, &listing.items).await?;
    let ctx = super::with_engine_banner(&mut tx, ctx).await?;
    let next = listing.next_href(&query).unwrap_or_default();
    let now = app.now();
    let mut sparks = usage::sparks(&mut tx, &listing.items, now).await?;
    let line = |server: Server| {
        let status = server.status(now);
        Line {
            id: server.id,
            sparks: sparks.remove(&server.id).unwrap_or_default(),
            href: format!("/staff/servers/{}", server.id),
            template: title(&app, &server.template),
            tenant_href: format!("/staff/tenants/{}", server.tenant),
            tone: tone(status.phase),
            created: server.created_at.to_rfc3339(),
            created_ago: ago(server.created_at, now),
            has_update: has_update(&app.catalogue, &server),
            tenant: server.tenant_name,
            name: server.name,
            status,
        }
    };
    Ok(Page(StaffList {
        ctx,
        rows: listing.map(line).items,
        all: format!("{}&select=page", query.address()),
        is_picked: picks.select.is_some(),
        may_power: scope.may(Permission::StaffServerPower),
        query,
        next,
        may_update: scope.may(Permission::StaffServerManage),
    }))
}

#[derive(Template)]
#[template(path = "servers/staff_show.html")]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each hides or shows a part of the page"
)]
pub struct StaffShow {
    ctx: Ctx,
    server: Server,
    template: String,
    status: Status,
    tone: &'static str,
    is_up: bool,
    may_power: bool,
    may_update: bool,
    /// It can be restored or erased.
    may_restore: bool,
    has_update: bool,
    sparks: Sparks,
    form: FormState,
    operations: Vec<(String, &'static str, String)>,
}

const OPERATIONS: i64 = 10;

/// One server, without what is its customer's own: no logs, no variables.
pub async fn show(
    State(app): State<App>,
    scope: StaffScope,
    ctx: Ctx,
    Path(id): Path<ServerId>,
) -> Result<Page<StaffShow>, Error> {
    page(&app, &scope, ctx, id, FormState::default()).await
}

pub(super) async fn page(
    app: &App,
    scope: &StaffScope,
    ctx: Ctx,
    id: ServerId,
    form: FormState,
) -> Result<Page<StaffShow>, Error> {
    let mut tx = scope.begin().await?;
    let server = store::find(&mut tx, id).await?;
    know(app, &mut tx, std::slice::from_ref(&server)).await?;
    let operations = operations::for_target(&mut tx, id.0, OPERATIONS).await?;
    let now = app.now();
    let status = server.status(now);
    let mut sparks = usage::sparks(&mut tx, std::slice::from_ref(&server), now).await?;
    let ctx = super::with_engine_banner(&mut tx, ctx).await?;
    Ok(Page(StaffShow {
        sparks: sparks.remove(&id).unwrap_or_default(),
        ctx: ctx.with_crumbs([("Servers", "/staff/servers")]),
        template: title(app, &server.template),
        form,
        tone: tone(status.phase),
        is_up: server.power.word() == "running",
        may_power: !server.is_deleted() && scope.may(Permission::StaffServerPower),
        may_restore: server.stay() == Stay::Kept && scope.may(Permission::StaffServerManage),
        may_update: !server.is_deleted() && scope.may(Permission::StaffServerManage),
        has_update: has_update(&app.catalogue, &server),
        operations: operations
            .into_iter()
            .map(|one| {
                let kind = one.kind.trim_start_matches("server.").to_owned();
                (kind, one.state.name(), one.actor)
            })
            .collect(),
        status,
        server,
    }))
}

/// Tells any server what to do.
pub async fn act(
    State(app): State<App>,
    scope: StaffScope,
    Path((id, button)): Path<(ServerId, Button)>,
) -> Result<SeeOther, Error> {
    let (command, words) = button.command();
    actions::command_as_staff(&app, &scope, id, command).await?;
    Ok(SeeOther::to(format!("/staff/servers/{id}")).info(words))
}
