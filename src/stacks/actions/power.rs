//! Starting, stopping and restarting a stack: all of its servers take the wish, or none.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::error::Error;
use crate::platform::ids::StackId;
use crate::servers::command_part;
use crate::servers::model::Command;

use super::{Begun, Held, tell};

/// Tells all servers of a stack what to do.
pub async fn command(app: &App, scope: &TenantScope, id: StackId, what: Command) -> Result<Begun, Error> {
    let mut held = Held::take(scope, id).await?;
    held.stack.check_lives()?;
    let mut work = Vec::new();
    for server in held.living() {
        work.push(command_part(app, &mut held.tx, scope, server.id, what).await?);
    }
    let begun = Begun::of(&mut held.tx, id, work).await?;
    let change = Change::to(action(what), json!({ "servers": begun.work.len() }));
    tell(app, &mut held.tx, scope, &begun.stack, &change).await?;
    held.tx.commit().await?;
    app.poke_servers.poke();
    Ok(begun)
}

fn action(what: Command) -> &'static str {
    match what {
        Command::Start => "stack.start",
        Command::Stop => "stack.stop",
        Command::Restart => "stack.restart",
        Command::Kill => "stack.kill",
    }
}
