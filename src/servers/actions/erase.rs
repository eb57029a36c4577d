//! Erasing a deleted server with its data, for good: because somebody asks, because another takes its place among those that
//! are kept, or because its time is over. Erasing is a state: the reconciler removes what is on the engine, then the row.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::{TenantScope, Who};
use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;
use crate::platform::operations::Operation;

use super::super::model::Server;
use super::super::store;
use super::delete::confirm;
use super::{Asked, announce, shown, target, under_way};

const ACTION: &str = "server.erase";

/// Erases a deleted server; see `confirm` for `typed`. Asking again watches the same work.
pub async fn erase(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    typed: Option<&str>,
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let server = store::lock(&mut tx, id).await?;
    confirm(&server, typed)?;
    server.check_alone()?;
    if let Err(refusal) = server.check_kept() {
        let under_way = under_way(&mut tx, &server).await?;
        return match under_way.filter(|operation| operation.kind == ACTION) {
            Some(operation) => Ok(Asked { server, operation }),
            None => Err(refusal.into()),
        };
    }
    let operation = begin_erasing(app, &mut tx, &scope.who, &server, None).await?;
    let server = store::find(&mut tx, id).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked { server, operation })
}

/// Asks for the end of a deleted server, which is locked. `because` says why, if nobody asked for just that.
pub(super) async fn begin_erasing(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    server: &Server,
    because: Option<&str>,
) -> Result<Operation, Error> {
    store::erase(tx, server.id, app.now()).await?;
    tell(app, tx, who, server, because).await
}

/// Tells of the end of a server whose time is over. Its row has the wish already.
pub async fn expired(app: &App, tx: &mut SystemTx, server: &Server) -> Result<(), Error> {
    let who = Who::system("retention");
    tell(
        app,
        tx,
        &who,
        server,
        Some("it was kept for as long as was promised"),
    )
    .await?;
    Ok(())
}

async fn tell(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    before: &Server,
    because: Option<&str>,
) -> Result<Operation, Error> {
    let server = store::find(tx, before.id).await?;
    let operation = announce(app, tx, who, &server, (ACTION, "erase")).await?;
    let change = Change {
        action: ACTION,
        before: Some(shown(before)),
        after: because.map(|because| json!({ "because": because })),
    };
    app.audit(tx, who, &target(&server), &change).await?;
    Ok(operation)
}
