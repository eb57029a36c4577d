//! Another name for a stack, its network and its servers. What they find each other by stays.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::networks;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::StackId;
use crate::servers::model::Server;
use crate::servers::{Restored, rename_part};

use super::super::model::{Stack, StackName, server_name};
use super::super::store;
use super::create::network_name_is_taken;
use super::{Held, tell};

/// Renames a stack. Servers that somebody gave names of their own keep them.
pub async fn rename(
    app: &App,
    scope: &TenantScope,
    id: StackId,
    name: &str,
    is_seen: impl FnOnce(i64) -> Result<(), Error>,
) -> Result<Stack, Error> {
    let name = StackName::parse(name).map_err(|message| Error::invalid("name", message))?;
    let mut held = Held::take(scope, id).await?;
    is_seen(held.stack.version)?;
    held.stack.check_lives()?;
    if held.stack.name == name.as_str() {
        return Ok(held.stack);
    }
    store::save_name(&mut held.tx, id, name.as_str(), app.now()).await?;
    name_all(app, scope, &mut held, &name).await?;
    let stack = store::find(&mut held.tx, id).await?;
    let names = (json!({ "name": held.stack.name }), json!({ "name": stack.name }));
    let change = Change::between("stack.rename", names.0, names.1);
    tell(app, &mut held.tx, scope, &stack, &change).await?;
    held.tx.commit().await?;
    Ok(stack)
}

/// Calls its network and its servers by the stack's new name.
pub(super) async fn name_all(
    app: &App,
    scope: &TenantScope,
    held: &mut Held,
    name: &StackName,
) -> Result<(), Error> {
    if let Some(network) = held.stack.network {
        let renamed = networks::rename_within(app, &mut held.tx, scope, network, name.as_name()).await;
        renamed.map_err(|error| match error {
            Error::Invalid(_) => network_name_is_taken(),
            error => error,
        })?;
    }
    for server in held.living() {
        let Some(new) = renamed(&server, &held.stack.name, name) else {
            continue;
        };
        let new = new.map_err(|error| Error::invalid("name", error.to_string()))?;
        let done = rename_part(app, &mut held.tx, scope, &server, &new).await;
        done.map_err(|error| match error {
            Error::Invalid(_) => Error::invalid(
                "name",
                format!("There is a server {new} already. Choose another name."),
            ),
            error => error,
        })?;
    }
    Ok(())
}

type Named = Result<crate::servers::model::ServerName, crate::servers::model::NameError>;

/// The new name of a server that is called after the stack.
fn renamed(server: &Server, old: &str, new: &StackName) -> Option<Named> {
    let place = server.stack.as_ref()?;
    [None, Some(place.replica)].into_iter().find_map(|number| {
        let before = server_name(old, &place.part, number).ok()?;
        (before.as_str() == server.name).then(|| server_name(new.as_str(), &place.part, number))
    })
}

/// What a server was called before it came back, if it is called otherwise now.
pub(super) fn other_name(restored: &Restored) -> Option<String> {
    let old = restored.renamed_from.as_ref()?;
    Some(format!("{old} is now {}", restored.server.name))
}
