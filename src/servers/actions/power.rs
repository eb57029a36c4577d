//! Starting, stopping, restarting, killing; by the tenant's people or by staff.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::{StaffScope, TenantScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Command, Decision, Power};
use super::super::store::{self, Wish};
use super::{Asked, announce, target, under_way};

/// Tells a server of the tenant what to do.
pub async fn command(app: &App, scope: &TenantScope, id: ServerId, command: Command) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let asked = ask(app, &mut tx, &scope.who, id, command).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(asked)
}

/// Tells any server what to do.
pub async fn command_as_staff(
    app: &App,
    scope: &StaffScope,
    id: ServerId,
    command: Command,
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let asked = ask(app, &mut tx, &scope.who, id, command).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(asked)
}

/// Tells a server what to do inside of a transaction that its caller ends; the caller then pokes the reconciler.
pub async fn command_within(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: ServerId,
    command: Command,
) -> Result<Asked, Error> {
    ask(app, tx, who, id, command).await
}

pub(super) async fn ask(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    id: ServerId,
    command: Command,
) -> Result<Asked, Error> {
    let server = store::lock(tx, id).await?;
    if command.decide(&server)? == Decision::UnderWay
        && let Some(operation) = under_way(tx, &server).await?
    {
        return Ok(Asked { server, operation });
    }
    let wish = Wish {
        power: Some(command.power()),
        restart: command == Command::Restart,
        ..Wish::default()
    };
    if wish.power == Some(Power::Running) {
        // Whoever starts it has put right what made it crash, or wants to see it crash again.
        store::forget_crashes(tx, id).await?;
    }
    store::wish(tx, id, wish, app.now()).await?;
    let before = json!({ "power": server.power });
    let server = store::find(tx, id).await?;
    let operation = announce(app, tx, who, &server, (command.action(), command.word())).await?;
    let change = Change::between(command.action(), before, json!({ "power": server.power }));
    app.audit(tx, who, &target(&server), &change).await?;
    Ok(Asked { server, operation })
}
