//! Deleting, restoring and erasing a stack as one. Between deletion and the end all of its servers are kept for the same
//! time, and none of them without the others.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::TenantScope;
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::StackId;
use crate::servers::{self, Asked, OLDEST, Restored, delete_part, erase_part, keeping, restore_part};

use super::super::model::{Stack, StackName};
use super::super::store;
use super::rename::{name_all, other_name};
use super::{Begun, Held, fit, tell};

/// Refuses if `typed`, the name that a person typed to show that just this stack is meant, is another.
fn confirm(stack: &Stack, typed: Option<&str>) -> Result<(), Error> {
    if typed.is_some_and(|typed| typed.trim() != stack.name) {
        return Err(Error::invalid(
            "confirm",
            format!("Type the stack's name: {}", stack.name),
        ));
    }
    Ok(())
}

/// Deletes a stack; see `confirm` for `typed`. Its data and settings are kept for the retention.
pub async fn delete(
    app: &App,
    scope: &TenantScope,
    id: StackId,
    typed: Option<&str>,
) -> Result<Begun, Error> {
    let mut held = Held::take(scope, id).await?;
    confirm(&held.stack, typed)?;
    held.stack.check_lives()?;
    let living = held.living();
    let count = i64::try_from(living.len()).unwrap_or(i64::MAX);
    let keeping = keeping(app, &mut held.tx, scope, count).await?;
    servers::make_way(app, &mut held.tx, scope, &keeping).await?;
    let mut work = Vec::new();
    for server in &living {
        work.push(delete_part(app, &mut held.tx, scope, server, keeping.until).await?);
    }
    let times = (app.now(), keeping.until);
    store::put_away(&mut held.tx, id, &scope.who.label, times).await?;
    let change = Change {
        action: "stack.delete",
        before: Some(json!({ "name": held.stack.name, "servers": living.len() })),
        after: Some(json!({ "kept_until": keeping.until })),
    };
    finish(app, scope, held, work, &change).await
}

/// Brings a deleted stack back with all of its servers, if the plan has room for all of them.
pub async fn restore(app: &App, scope: &TenantScope, id: StackId) -> Result<(Begun, Vec<String>), Error> {
    let mut held = Held::take(scope, id).await?;
    held.stack.check_kept()?;
    check_time(&held.stack, app.now())?;
    for server in &held.servers {
        server.check_kept()?;
    }
    let all: Vec<_> = held.servers.iter().map(|server| server.resources).collect();
    fit(app, &mut held.tx, scope, all.into_iter()).await?;
    let (mut work, mut renamed) = (Vec::new(), Vec::new());
    for server in held.servers.clone() {
        let restored = restore_part(app, &mut held.tx, scope, &server).await?;
        renamed.extend(other_name(&restored));
        work.push(as_asked(restored));
    }
    let taken = store::names(&mut held.tx, scope.tenant()).await?;
    let name = StackName::restored(&held.stack.name, &taken);
    store::restore(&mut held.tx, id, &name, app.now()).await?;
    if name != held.stack.name {
        renamed.push(format!("the stack {} is now {name}", held.stack.name));
        let name = StackName::parse(&name).map_err(|message| Error::invalid("name", message))?;
        held.servers = servers::lock_stack(&mut held.tx, id).await?;
        name_all(app, scope, &mut held, &name).await?;
    }
    let change = Change {
        action: "stack.restore",
        before: Some(json!({ "name": held.stack.name })),
        after: Some(json!({ "name": name, "servers": work.len() })),
    };
    Ok((finish(app, scope, held, work, &change).await?, renamed))
}

/// One whose time is over is about to be erased, server by server: too late for all of them.
fn check_time(stack: &Stack, now: DateTime<Utc>) -> Result<(), Error> {
    if stack.kept_until().is_some_and(|until| until <= now) {
        return Err(Error::conflict("stack-erasing", "This stack is being erased."));
    }
    Ok(())
}

fn as_asked(restored: Restored) -> Asked {
    Asked {
        server: restored.server,
        operation: restored.operation,
    }
}

/// Erases a deleted stack before its time; see `confirm` for `typed`.
pub async fn erase(app: &App, scope: &TenantScope, id: StackId, typed: Option<&str>) -> Result<Begun, Error> {
    let mut held = Held::take(scope, id).await?;
    confirm(&held.stack, typed)?;
    held.stack.check_kept()?;
    let work = erase_all(app, &mut held.tx, scope, (&held.stack, &held.servers), None).await?;
    let change = erased(&held.stack, None);
    finish(app, scope, held, work, &change).await
}

/// Erases a kept stack for something that was deleted later, inside of that one's transaction.
pub async fn make_way(app: &App, tx: &mut TenantTx, scope: &TenantScope, id: StackId) -> Result<(), Error> {
    let stack = store::lock(tx, id).await?;
    if stack.check_kept().is_err() {
        return Ok(());
    }
    let servers = servers::lock_stack(tx, id).await?;
    erase_all(app, tx, scope, (&stack, &servers), Some(OLDEST)).await?;
    tell(app, tx, scope, &stack, &erased(&stack, Some(OLDEST))).await
}

fn erased(stack: &Stack, because: Option<&str>) -> Change {
    Change {
        action: "stack.erase",
        before: Some(json!({ "name": stack.name })),
        after: because.map(|because| json!({ "because": because })),
    }
}

async fn erase_all(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (stack, servers): (&Stack, &[servers::model::Server]),
    because: Option<&str>,
) -> Result<Vec<Asked>, Error> {
    let mut work = Vec::new();
    for server in servers.iter().filter(|server| server.check_kept().is_ok()) {
        work.push(erase_part(app, tx, scope, server, because).await?);
    }
    store::start_erasing(tx, stack.id, app.now()).await?;
    Ok(work)
}

async fn finish(
    app: &App,
    scope: &TenantScope,
    mut held: Held,
    work: Vec<Asked>,
    change: &Change,
) -> Result<Begun, Error> {
    let begun = Begun::of(&mut held.tx, held.stack.id, work).await?;
    tell(app, &mut held.tx, scope, &begun.stack, change).await?;
    held.tx.commit().await?;
    app.poke_servers.poke();
    Ok(begun)
}
