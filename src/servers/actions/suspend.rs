//! Suspending one server, by staff and with a reason that its customer reads. Its data and its wishes stay, so that resuming
//! brings it back as it was.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::{StaffScope, Who};
use crate::platform::db::StaffTx;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Refusal, Suspension, parse_reason};
use super::super::store::{self, Wish};
use super::{Asked, announce, target};

/// Stops a server and keeps it stopped. Suspending it again tells another reason.
pub async fn suspend(app: &App, scope: &StaffScope, id: ServerId, reason: &str) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let asked = suspend_within(app, &mut tx, &scope.who, id, reason).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(asked)
}

/// Lets a server be again what it was before it was suspended.
pub async fn resume(app: &App, scope: &StaffScope, id: ServerId) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let asked = resume_within(app, &mut tx, &scope.who, id).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(asked)
}

/// Suspends inside of a transaction that its caller ends; the caller then pokes the reconciler.
pub async fn suspend_within(
    app: &App,
    tx: &mut StaffTx,
    who: &Who,
    id: ServerId,
    reason: &str,
) -> Result<Asked, Error> {
    let reason = parse_reason(reason).map_err(|message| Error::invalid("reason", message))?;
    let at = app.now();
    let suspension = Suspension { at, reason };
    save(
        app,
        (tx, who),
        id,
        Some(suspension),
        ("server.suspend", "suspend"),
    )
    .await
}

/// Resumes inside of a transaction that its caller ends; the caller then pokes the reconciler.
pub async fn resume_within(app: &App, tx: &mut StaffTx, who: &Who, id: ServerId) -> Result<Asked, Error> {
    save(app, (tx, who), id, None, ("server.resume", "resume")).await
}

async fn save(
    app: &App,
    (tx, who): (&mut StaffTx, &Who),
    id: ServerId,
    suspension: Option<Suspension>,
    (action, verb): (&'static str, &str),
) -> Result<Asked, Error> {
    let before = store::lock(tx, id).await?;
    if before.deleting_at.is_some() {
        return Err(Refusal::Deleting.into());
    }
    if suspension.is_none() && before.suspension.is_none() {
        return Err(Error::conflict("not-suspended", "This server is not suspended."));
    }
    // First when it was changed: what is remembered of the suspension is of that time.
    store::wish(tx, id, Wish::default(), app.now()).await?;
    store::save_suspension(tx, id, suspension.as_ref()).await?;
    let server = store::find(tx, id).await?;
    let operation = announce(app, tx, who, &server, (action, verb)).await?;
    let told = |one: &Option<Suspension>| json!({ "suspended": one.as_ref().map(|one| &one.reason) });
    let change = Change::between(action, told(&before.suspension), told(&server.suspension));
    app.audit(tx, who, &target(&server), &change).await?;
    Ok(Asked { server, operation })
}
