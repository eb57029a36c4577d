//! Restoring a deleted server as it was: its data, settings and power. Its ports, its name and its name in the network are
//! its own again where nobody has taken them meanwhile; otherwise it gets others and the answer says so.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::{StaffScope, TenantScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};
use crate::platform::operations::Operation;
use crate::storage;

use super::super::model::{Resources, Server, ServerName, host_name};
use super::super::store;
use super::create::{fit, no_free_port};
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

/// Restores a deleted server of the tenant, under another name if one is given. Of two that race for the last of a limit one
/// gets [`Error::LimitReached`], as creations do.
pub async fn restore(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    name: Option<&str>,
) -> Result<Restored, Error> {
    let mut tx = scope.begin().await?;
    let restored = restore_in(app, &mut tx, (&scope.who, scope.tenant()), id, name).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(restored)
}

/// Restores any deleted server. It has to fit into its tenant's plan as if that had asked.
pub async fn restore_as_staff(
    app: &App,
    scope: &StaffScope,
    id: ServerId,
    name: Option<&str>,
) -> Result<Restored, Error> {
    let mut tx = scope.begin().await?;
    let tenant = store::find(&mut tx, id).await?.tenant;
    let restored = restore_in(app, &mut tx, (&scope.who, tenant), id, name).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(restored)
}

async fn restore_in(
    app: &App,
    tx: &mut impl Scoped,
    (who, tenant): (&Who, TenantId),
    id: ServerId,
    name: Option<&str>,
) -> Result<Restored, Error> {
    store::lock_tenant(tx, tenant).await?;
    let before = store::lock(tx, id).await?;
    before.check_kept()?;
    before.check_alone()?;
    fit(app, tx, tenant, &before.resources).await?;
    // Its disk was never given back.
    let more = Resources {
        disk_mib: 0,
        ..before.resources
    };
    storage::admit_at(tx, before.location, more).await?;
    bring_back(app, tx, who, &before, name).await
}

/// Brings a deleted server back, which is locked, and for which there is room.
pub(super) async fn bring_back(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    before: &Server,
    name: Option<&str>,
) -> Result<Restored, Error> {
    let (name, host_name) = names(tx, before.tenant, before, (name, ServerName::restored)).await?;
    store::restore(tx, before.id, (&name, &host_name), app.now()).await?;
    if !store::reclaim_ports(tx, before).await? {
        return Err(no_free_port());
    }
    let server = store::find(tx, before.id).await?;
    let operation = announce(app, tx, who, &server, ("server.restore", "restore")).await?;
    let deleted_at = before.deletion.as_ref().map(|deletion| deletion.at);
    let change = Change {
        action: "server.restore",
        before: Some(json!({ "name": before.name, "deleted_at": deleted_at })),
        after: Some(shown(&server)),
    };
    app.audit(tx, who, &target(&server), &change).await?;
    let renamed_from = Some(before.name.clone()).filter(|old| *old != server.name);
    Ok(Restored {
        server,
        operation,
        renamed_from,
    })
}

/// Finds a name like another that is not taken.
type Propose = fn(&str, &[String]) -> String;

/// The names that a server has from now on among a tenant's: the one that is wanted, or what `propose` makes of its own.
pub(super) async fn names(
    tx: &mut impl Scoped,
    tenant: TenantId,
    server: &Server,
    (wanted, propose): (Option<&str>, Propose),
) -> Result<(ServerName, String), Error> {
    let wanted = match wanted {
        Some(wanted) => wanted.to_owned(),
        None => {
            let stem = ServerName::stem(&server.name);
            let taken = store::names_like(tx, tenant, &stem).await?;
            propose(&server.name, &taken)
        }
    };
    let name = ServerName::parse(&wanted).map_err(|error| Error::invalid("name", error.to_string()))?;
    let taken = store::host_names(tx, tenant).await?;
    let host = if taken.contains(&server.host_name) {
        host_name(name.as_str(), &server.template, &taken)
    } else {
        server.host_name.clone()
    };
    Ok((name, host))
}
