//! Deleting a server with its data. Deleting is a state: the reconciler removes what is on the engine, then the row.

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::store::{self, Wish};
use super::{Asked, announce, shown, target, under_way};

/// Asks for the end of a server. `typed` is the name that a person typed to show that just this one is meant; a program
/// that names the server by its id has none. Asking again watches the same work.
pub async fn delete(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    typed: Option<&str>,
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let server = store::lock(&mut tx, id).await?;
    if typed.is_some_and(|typed| typed.trim() != server.name) {
        return Err(Error::invalid(
            "confirm",
            format!("Type the server's name: {}", server.name),
        ));
    }
    if server.deleting_at.is_some()
        && let Some(operation) = under_way(&mut tx, &server).await?
    {
        return Ok(Asked { server, operation });
    }
    let wish = Wish {
        delete: true,
        ..Wish::default()
    };
    store::wish(&mut tx, id, wish, app.now()).await?;
    let change = Change {
        action: "server.delete",
        before: Some(shown(&server)),
        after: None,
    };
    let server = store::find(&mut tx, id).await?;
    let operation = announce(app, &mut tx, &scope.who, &server, ("server.delete", "delete")).await?;
    app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked { server, operation })
}
