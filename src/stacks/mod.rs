//! Stacks: servers that are ordered, run and deleted as one.
//!
//! A stack is made from a [blueprint](crate::catalogue::Blueprint): an application with its database, or a load balancer with
//! any number of web servers, a cache and a database. Its parts are ordinary servers, so all that servers have works for each
//! of them; what they can't do is go or come back without the others.
//!
//! - The row of a stack says what belongs together. Whatever is done to the whole is one transaction over all of its servers:
//!   all of them take the wish, or none. The reconciler of servers does the work; stacks have none of their own.
//! - Its servers are in a network of the stack's own and in no other, where each part has a name that leads to all of its
//!   servers. Only the parts that the blueprint calls public are reached from outside.
//! - The servers of one part are alike, and have the same volumes.
//! - It ends with the last of its servers, in the transaction that erases that one.

mod actions;
mod api;
mod model;
mod outs;
mod pages;
mod query;
mod store;
#[cfg(test)]
#[cfg(feature = "testing")]
mod tests;

use crate::app::App;
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, StackId};
use crate::platform::{events, operations};
use crate::servers::model::Server;
use crate::{eggs, networks, servers};

pub use actions::make_way;
pub use model::Stack;

/// Events about a stack have this topic.
pub const TOPIC: &str = "stack";

/// The stack that a network belongs to, and what it is called.
pub async fn of_network(
    tx: &mut impl Scoped,
    network: NetworkId,
) -> Result<Option<(StackId, String)>, Error> {
    store::of_network(tx, network).await
}

/// What a stack is called, if the scope may see it.
pub async fn name(tx: &mut impl Scoped, id: StackId) -> Result<String, Error> {
    Ok(store::find(tx, id).await?.name)
}

/// A stack that lives, with those of its servers that keep files of their own; all of its servers are locked until the transaction
/// ends.
pub async fn lock_keeping(
    app: &App,
    tx: &mut impl Scoped,
    id: StackId,
) -> Result<(Stack, Vec<Server>), Error> {
    let tenant = store::find(tx, id).await?.tenant;
    servers::lock_tenant(tx, tenant).await?;
    let stack = store::lock(tx, id).await?;
    stack.check_lives()?;
    let all = servers::lock_stack(tx, id).await?;
    Ok((stack, only_keeping(app, tx, all).await?))
}

/// The servers of a stack that keep files of their own.
pub async fn keeping(app: &App, tx: &mut impl Scoped, id: StackId) -> Result<Vec<Server>, Error> {
    let all = servers::of_stacks(tx, &[id]).await?;
    only_keeping(app, tx, all).await
}

/// Those that keep files. Replicas have the files of the first of them, and of what has left the catalogue nobody knows.
async fn only_keeping(app: &App, tx: &mut impl Scoped, all: Vec<Server>) -> Result<Vec<Server>, Error> {
    let mut keeping = Vec::new();
    for server in all {
        if server.home() != server.id || server.is_deleted() {
            continue;
        }
        let offer = eggs::warm(app, tx, &server.template).await?;
        if offer.is_none_or(|offer| !offer.template.volumes.is_empty()) {
            keeping.push(server);
        }
    }
    Ok(keeping)
}

/// A stack of which a server is about to be erased, locked; nothing if it has ended.
pub async fn hold(tx: &mut SystemTx, id: StackId) -> Result<Option<Stack>, Error> {
    match store::lock(tx, id).await {
        Ok(stack) => Ok(Some(stack)),
        Err(Error::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Ends a stack with the last of its servers: its row goes, and its network on its own way.
pub async fn end_if_empty(app: &App, tx: &mut SystemTx, stack: &Stack) -> Result<(), Error> {
    if servers::of_stacks(tx, &[stack.id]).await?.is_empty() {
        if let Some(network) = stack.network {
            networks::let_go(tx, network, app.now()).await?;
            events::emit(tx, Some(stack.tenant), networks::TOPIC, Some(network.0)).await?;
        }
        // Snapshots that were yet to be taken go with their servers, and nobody is left to report on them.
        operations::supersede(tx, stack.id.0, app.now()).await?;
        store::forget(tx, stack.id).await?;
    }
    events::emit(tx, Some(stack.tenant), TOPIC, Some(stack.id.0)).await
}

/// The feature's addresses.
pub fn routes() -> crate::platform::web::Routes<crate::app::App> {
    pages::routes().merge(api::routes())
}
