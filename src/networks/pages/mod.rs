//! Networks for people: who reaches whom, as a picture and in words; all networks; one with its servers.

mod list;
mod live;
mod new;
mod server;
mod show;

use crate::app::App;
use crate::platform::access::{Permission, Rule, TenantScope};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::web::{Ctx, Cursor, ListQuery, Listing, Routes};

use super::model::{Network, NetworkRef};
use super::store;

/// The addresses.
pub(super) fn routes() -> Routes<App> {
    let read = Rule::Tenant(Permission::NetworkRead);
    let write = Rule::Tenant(Permission::NetworkWrite);
    Routes::new()
        .get("/t/{tenant}/networks", read, list::list)
        .get("/t/{tenant}/networks/live", read, live::list)
        .get("/t/{tenant}/networks/new", write, new::form)
        .form("/t/{tenant}/networks", write, new::create)
        .get("/t/{tenant}/servers/{server_id}/networks", read, server::show)
        .get(
            "/t/{tenant}/servers/{server_id}/networks/live",
            read,
            server::live,
        )
        .get("/t/{tenant}/networks/{network_id}", read, show::show)
        .get("/t/{tenant}/networks/{network_id}/live", read, live::one)
        .form("/t/{tenant}/networks/{network_id}/settings", write, show::rename)
        .post("/t/{tenant}/networks/{network_id}/delete", write, show::remove)
        .post("/t/{tenant}/networks/{network_id}/servers", write, show::join)
        .post(
            "/t/{tenant}/networks/{network_id}/servers/{server_id}/remove",
            write,
            show::leave,
        )
}

/// A page of a tenant's networks, as it is asked for.
pub(super) async fn page_of(
    tx: &mut impl Scoped,
    scope: &TenantScope,
    query: &ListQuery,
) -> Result<Listing<Network>, Error> {
    if query.sort.as_deref().is_some_and(|sort| sort != "name") {
        return Err(Error::invalid("sort", "Use name."));
    }
    let after: Option<String> = Cursor::decode(query.after.as_deref())?;
    let (pattern, limit) = (query.pattern()?, query.fetch()?);
    let rows = store::list(tx, scope.tenant(), pattern.as_deref(), after.as_deref(), limit).await?;
    Listing::new(rows, query, |network| network.name.clone())
}

fn base(scope: &TenantScope) -> String {
    format!("/t/{}/networks", scope.member.slug)
}

fn href(scope: &TenantScope, id: NetworkRef) -> String {
    format!("{}/{id}", base(scope))
}

fn crumbs(ctx: Ctx, scope: &TenantScope) -> Ctx {
    ctx.with_crumbs([("Networks", base(scope))])
}
