//! A new container from the server's image, with its volumes, addresses and settings: whatever was changed beside the volumes
//! is gone. The count of rebuilds is part of the container's specification, so a panel that dies on the way goes on.

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::Refusal;
use super::super::store::{self, Wish};
use super::{Asked, announce, shown, target, under_way};

const ACTION: &str = "server.rebuild";

/// Makes a server's container anew; one that does not run gets it at its next start. Asking again before it is done watches
/// the same work.
pub async fn rebuild(app: &App, scope: &TenantScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let server = store::lock(&mut tx, id).await?;
    if server.deleting_at.is_some() {
        return Err(Refusal::Deleting.into());
    }
    if let Some(operation) = under_way(&mut tx, &server).await?
        && operation.kind == ACTION
        && server.notes.error.is_none()
    {
        return Ok(Asked { server, operation });
    }
    let wish = Wish {
        rebuild: true,
        ..Wish::default()
    };
    store::wish(&mut tx, id, wish, app.now()).await?;
    let server = store::find(&mut tx, id).await?;
    let operation = announce(app, &mut tx, &scope.who, &server, (ACTION, "rebuild")).await?;
    let change = Change::to(ACTION, shown(&server));
    app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked { server, operation })
}
