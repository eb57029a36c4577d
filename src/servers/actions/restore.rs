//! Restoring a deleted server as it was: its data, settings and power. Its ports, its name and its name in the network are
//! its own again where nobody has taken them meanwhile; otherwise it gets others and the answer says so.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::operations::Operation;
use crate::tenants;

use super::super::model::{Server, ServerName, admit, host_name};
use super::super::store;
use super::create::no_free_port;
use super::{announce, shown, target};

/// A server that comes back.
#[derive(Debug, Clone)]
pub struct Restored {
    /// The server with the wish.
    pub server: Server,
    /// The work, to watch.
    pub operation: Operation,
    /// The name that it had, if another has that now.
    pub renamed_from: Option<String>,
}

/// Restores a deleted server, under another name if one is given. Of two that race for the last of a limit one gets
/// [`Error::LimitReached`], as creations do.
pub async fn restore(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    name: Option<&str>,
) -> Result<Restored, Error> {
    let mut tx = scope.begin().await?;
    store::lock_tenant(&mut tx, scope.tenant()).await?;
    let before = store::lock(&mut tx, id).await?;
    before.check_kept()?;
    before.check_alone()?;
    fit(app, &mut tx, scope, &before).await?;
    let restored = bring_back(app, &mut tx, scope, &before, name).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(restored)
}

/// Brings a deleted server back, which is locked, and for which there is room.
pub(super) async fn bring_back(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    before: &Server,
    name: Option<&str>,
) -> Result<Restored, Error> {
    let (name, host_name) = names(tx, scope, before, name).await?;
    store::restore(tx, before.id, (&name, &host_name), app.now()).await?;
    if !store::reclaim_ports(tx, before).await? {
        return Err(no_free_port());
    }
    let server = store::find(tx, before.id).await?;
    let operation = announce(app, tx, &scope.who, &server, ("server.restore", "restore")).await?;
    let deleted_at = before.deletion.as_ref().map(|deletion| deletion.at);
    let change = Change {
        action: "server.restore",
        before: Some(json!({ "name": before.name, "deleted_at": deleted_at })),
        after: Some(shown(&server)),
    };
    app.audit(tx, &scope.who, &target(&server), &change).await?;
    let renamed_from = Some(before.name.clone()).filter(|old| *old != server.name);
    Ok(Restored {
        server,
        operation,
        renamed_from,
    })
}

/// A deleted server counts for nothing, so it has to fit like a new one.
async fn fit(app: &App, tx: &mut TenantTx, scope: &TenantScope, server: &Server) -> Result<(), Error> {
    let limits = tenants::find_tenant(tx, scope.tenant()).await?.limits;
    let used = tenants::usage(tx, scope.tenant(), app.now()).await?;
    admit(&limits, &used, &server.resources.one_more())
}

/// The names that it comes back with.
async fn names(
    tx: &mut TenantTx,
    scope: &TenantScope,
    server: &Server,
    wanted: Option<&str>,
) -> Result<(ServerName, String), Error> {
    let wanted = match wanted {
        Some(wanted) => wanted.to_owned(),
        None => {
            let stem = ServerName::stem(&server.name);
            let taken = store::names_like(tx, scope.tenant(), &stem).await?;
            ServerName::restored(&server.name, &taken)
        }
    };
    let name = ServerName::parse(&wanted).map_err(|error| Error::invalid("name", error.to_string()))?;
    let taken = store::host_names(tx, scope.tenant()).await?;
    let host = if taken.contains(&server.host_name) {
        host_name(name.as_str(), &server.template, &taken)
    } else {
        server.host_name.clone()
    };
    Ok((name, host))
}
