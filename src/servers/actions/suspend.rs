//! Suspending one server, by staff and with a reason that its customer reads. Its data and its wishes stay, so that resuming
//! brings it back as it was.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Refusal, Suspension, parse_reason};
use super::super::store::{self, Wish};
use super::{Asked, announce, target};

/// Stops a server and keeps it stopped. Suspending it again tells another reason.
pub async fn suspend(app: &App, scope: &StaffScope, id: ServerId, reason: &str) -> Result<Asked, Error> {
    let reason = parse_reason(reason).map_err(|message| Error::invalid("reason", message))?;
    let at = app.now();
    let suspension = Suspension { at, reason };
    save(app, scope, id, Some(suspension), ("server.suspend", "suspend")).await
}

/// Lets a server be again what it was before it was suspended.
pub async fn resume(app: &App, scope: &StaffScope, id: ServerId) -> Result<Asked, Error> {
    save(app, scope, id, None, ("server.resume", "resume")).await
}

async fn save(
    app: &App,
    scope: &StaffScope,
    id: ServerId,
    suspension: Option<Suspension>,
    (action, verb): (&'static str, &str),
) -> Result<Asked, Error> {
    let mut tx = scope.begin().await?;
    let before = store::lock(&mut tx, id).await?;
    if before.deleting_at.is_some() {
        return Err(Refusal::Deleting.into());
    }
    if suspension.is_none() && before.suspension.is_none() {
        return Err(Error::conflict("not-suspended", "This server is not suspended."));
    }
    store::save_suspension(&mut tx, id, suspension.as_ref()).await?;
    store::wish(&mut tx, id, Wish::default(), app.now()).await?;
    let server = store::find(&mut tx, id).await?;
    let operation = announce(app, &mut tx, &scope.who, &server, (action, verb)).await?;
    let told = |one: &Option<Suspension>| json!({ "suspended": one.as_ref().map(|one| &one.reason) });
    let change = Change::between(action, told(&before.suspension), told(&server.suspension));
    app.audit(&mut tx, &scope.who, &target(&server), &change).await?;
    tx.commit().await?;
    app.poke_servers.poke();
    Ok(Asked { server, operation })
}
