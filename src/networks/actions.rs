//! The verbs: each one transaction that writes the wish, the servers' history, the event and the audit. None of them speaks to
//! the engine; the reconcilers are woken by what was written.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{NetworkId, ServerId};
use crate::servers::model::{Server, ServerName};
use crate::servers::{self, rewire};
use crate::stacks;

use super::TOPIC;
use super::model::{COMMON, Network, NetworkRef};
use super::store::{self, NewNetwork};

/// Makes a network. Nothing is on the engine before the first server is to join.
pub async fn create(app: &App, scope: &TenantScope, name: &str) -> Result<Network, Error> {
    let name = parse_name(name)?;
    let mut tx = scope.begin().await?;
    let network = create_within(app, &mut tx, scope, &name).await?;
    tx.commit().await?;
    Ok(network)
}

/// Makes one inside of a transaction that its caller ends.
pub async fn create_within(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    name: &ServerName,
) -> Result<Network, Error> {
    store::lock_tenant(tx, scope.tenant()).await?;
    let (limit, used) = store::max_networks(tx, scope.tenant()).await?;
    if used >= limit {
        return Err(Error::LimitReached {
            what: "networks",
            limit,
            used,
        });
    }
    let location = servers::own_location(tx).await?;
    let location = location.ok_or_else(|| {
        Error::Unavailable("no location was set up yet: no panel has started on this database".into())
    })?;
    let new = NewNetwork {
        id: NetworkId::new(&*app.ids, app.now()),
        tenant: scope.tenant(),
        location,
        name: name.as_str(),
        now: app.now(),
    };
    store::insert(tx, &new).await?;
    let network = store::find(tx, new.id).await?;
    let change = Change::to("network.create", json!({ "name": network.name }));
    tell(app, tx, scope, &network, &change).await?;
    Ok(network)
}

/// Gives a stack's network the stack's new name, inside of a transaction that its caller ends.
pub async fn rename_within(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    id: NetworkId,
    name: &ServerName,
) -> Result<(), Error> {
    let network = store::lock(tx, id).await?;
    store::save_name(tx, id, name.as_str()).await?;
    let renamed = store::find(tx, id).await?;
    let names = (json!({ "name": network.name }), json!({ "name": renamed.name }));
    let change = Change::between("network.rename", names.0, names.1);
    tell(app, tx, scope, &renamed, &change).await
}

/// Refuses to change by hand what goes with a stack.
async fn check_alone(tx: &mut TenantTx, id: NetworkId) -> Result<(), Error> {
    match stacks::of_network(tx, id).await? {
        None => Ok(()),
        Some((_, stack)) => {
            let message = format!(
                "This network belongs to the stack {stack}: only its servers are in it, and it goes with the stack."
            );
            Err(Error::conflict("stack-network", message))
        }
    }
}

fn parse_name(text: &str) -> Result<ServerName, Error> {
    ServerName::parse(text).map_err(|error| Error::invalid("name", error.to_string()))
}

/// Waits for whoever else changes the tenant's networks.
async fn begin(scope: &TenantScope) -> Result<TenantTx, Error> {
    let mut tx = scope.begin().await?;
    store::lock_tenant(&mut tx, scope.tenant()).await?;
    Ok(tx)
}

/// Gives a network another name. On the engine it has none.
pub async fn rename(
    app: &App,
    scope: &TenantScope,
    id: NetworkRef,
    name: &str,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<Network, Error> {
    let name = parse_name(name)?;
    let mut tx = begin(scope).await?;
    let network = store::lock(&mut tx, private(id)?).await?;
    is_seen(network.version)?;
    check_alone(&mut tx, network.id).await?;
    if network.name == name.as_str() {
        return Ok(network);
    }
    store::save_name(&mut tx, network.id, name.as_str()).await?;
    let renamed = store::find(&mut tx, network.id).await?;
    let names = (json!({ "name": network.name }), json!({ "name": renamed.name }));
    let change = Change::between("network.rename", names.0, names.1);
    tell(app, &mut tx, scope, &renamed, &change).await?;
    tx.commit().await?;
    Ok(renamed)
}

fn private(id: NetworkRef) -> Result<NetworkId, Error> {
    id.id().ok_or_else(|| {
        let message = "Every organisation has its common network: it keeps its name and stays.";
        Error::conflict("common-network", message)
    })
}

/// Lets all servers leave a network and removes it. One with servers in it goes only if that is `meant`.
pub async fn remove(app: &App, scope: &TenantScope, id: NetworkRef, meant: bool) -> Result<Network, Error> {
    let mut tx = begin(scope).await?;
    let network = store::lock(&mut tx, private(id)?).await?;
    if network.deleting_at.is_some() {
        return Ok(network);
    }
    check_alone(&mut tx, network.id).await?;
    if network.members > 0 && !meant {
        let message = format!(
            "{} servers are in this network. Take them out first, or confirm that they leave it.",
            network.members
        );
        return Err(Error::conflict("network-not-empty", message));
    }
    let members = store::members(&mut tx, network.id).await?;
    for member in &members {
        if member.is_wanted && is_only(&mut tx, member.server, Some(network.id)).await? {
            return Err(only_network(&member.name));
        }
    }
    store::start_deletion(&mut tx, network.id, app.now()).await?;
    for member in &members {
        let server = servers::find(&mut tx, member.server).await?;
        let text = format!("{} deleted the network {}.", scope.who.label, network.name);
        rewire(app, &mut tx, &server, text).await?;
    }
    let network = store::find(&mut tx, network.id).await?;
    let change = Change {
        action: "network.delete",
        before: Some(json!({ "name": network.name })),
        after: None,
    };
    tell(app, &mut tx, scope, &network, &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(network)
}

async fn is_only(tx: &mut TenantTx, server: ServerId, network: Option<NetworkId>) -> Result<bool, Error> {
    Ok(store::places(tx, server).await?.is_only(network))
}

fn only_network(server: &str) -> Error {
    let message = format!("{server} would be in no network then. Put it into another one first.");
    Error::conflict("only-network", message)
}

/// Puts a server into a network, or back into the common one. Asking for what is so already is no error.
pub async fn join(
    app: &App,
    scope: &TenantScope,
    network: NetworkRef,
    server: ServerId,
) -> Result<(), Error> {
    let mut tx = begin(scope).await?;
    let (server, name) = both(&mut tx, network, server).await?;
    let places = store::places(&mut tx, server.id).await?;
    if places.wanted().any(|place| place == network.id()) {
        return Ok(());
    }
    if server.deleting_at.is_some() {
        let message = format!("{} is being deleted.", server.name);
        return Err(Error::conflict("server-deleting", message));
    }
    change(app, tx, scope, (network, &name), (&server, true)).await
}

/// Takes a server out of a network, or of the common one. It must be left in another.
pub async fn leave(
    app: &App,
    scope: &TenantScope,
    network: NetworkRef,
    server: ServerId,
) -> Result<(), Error> {
    let mut tx = begin(scope).await?;
    let (server, name) = both(&mut tx, network, server).await?;
    let places = store::places(&mut tx, server.id).await?;
    if !places.wanted().any(|place| place == network.id()) {
        return Ok(());
    }
    if places.is_only(network.id()) {
        return Err(only_network(&server.name));
    }
    change(app, tx, scope, (network, &name), (&server, false)).await
}

/// The server, and the network's name, if they can come together.
async fn both(tx: &mut TenantTx, network: NetworkRef, server: ServerId) -> Result<(Server, String), Error> {
    let Some(id) = network.id() else {
        return Ok((servers::find(tx, server).await?, COMMON.to_owned()));
    };
    check_alone(tx, id).await?;
    let network = store::lock(tx, id).await?;
    let server = servers::find(tx, server).await?;
    if network.deleting_at.is_some() {
        let message = format!("{} is being deleted.", network.name);
        return Err(Error::conflict("network-deleting", message));
    }
    if network.location != server.location {
        let message = format!("{} is in another place than this network.", server.name);
        return Err(Error::conflict("other-location", message));
    }
    Ok((server, network.name))
}

async fn change(
    app: &App,
    mut tx: TenantTx,
    scope: &TenantScope,
    (network, name): (NetworkRef, &str),
    (server, joins): (&Server, bool),
) -> Result<(), Error> {
    let (who, tenant) = (&scope.who, scope.tenant());
    match network.id() {
        Some(id) => store::set_member(&mut tx, (id, server.id), tenant, joins, app.now()).await?,
        None => store::set_common(&mut tx, server.id, tenant, joins).await?,
    }
    let (action, words) = if joins {
        (
            "network.join",
            format!("{} put it into the network {name}.", who.label),
        )
    } else {
        (
            "network.leave",
            format!("{} took it out of the network {name}.", who.label),
        )
    };
    rewire(app, &mut tx, server, words).await?;
    let target = Target {
        kind: "network",
        id: network.id().map(|id| id.0),
        label: name,
        tenant: Some(tenant),
    };
    let told = json!({ "server": server.name, "server_id": server.id.to_string() });
    let change = if joins {
        Change::to(action, told)
    } else {
        Change {
            action,
            before: Some(told),
            after: None,
        }
    };
    events::emit(&mut tx, Some(tenant), TOPIC, target.id).await?;
    app.audit(&mut tx, who, &target, &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(())
}

async fn tell(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    network: &Network,
    change: &Change,
) -> Result<(), Error> {
    let target = Target {
        kind: "network",
        id: Some(network.id.0),
        label: &network.name,
        tenant: Some(network.tenant),
    };
    events::emit(tx, Some(network.tenant), TOPIC, Some(network.id.0)).await?;
    app.audit(tx, &scope.who, &target, change).await
}
