//! What people on duty do: take over, acknowledge, hand over.

use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::StaffScope;
use crate::platform::error::Error;
use crate::platform::ids::{CallId, HandoverId, RotaId, RotaOverrideId};

use super::super::link;
use super::super::model::{Call, Override, body, who};
use super::super::store::{self, Handover};
use super::tell;

/// Puts whoever asks on duty until the next hand-over.
pub async fn take_over(app: &App, scope: &StaffScope, id: RotaId) -> Result<Override, Error> {
    let (now, user) = (app.now(), scope.actor.user);
    let mut tx = scope.begin().await?;
    let rota = store::lock_rota(&mut tx, id, now).await?;
    if who(&rota, now) == Some(user) {
        let message = "You are on call already.";
        return Err(Error::conflict("already-on-call", message));
    }
    let one = Override {
        id: RotaOverrideId::new(&*app.ids, now),
        user,
        from: now,
        to: rota.next_handover(now),
    };
    store::insert_override(&mut tx, id, &one, (&scope.actor.name, now)).await?;
    let change = Change::to("rota.take_over", json!({ "until": one.to }));
    tell(app, &mut tx, scope, ("rota", id.0, &rota.name), &change).await?;
    tx.commit().await?;
    Ok(one)
}

/// Acknowledges what somebody was paged for, for whoever asks. One that is over stays as it is.
pub async fn acknowledge(app: &App, scope: &StaffScope, id: CallId) -> Result<Call, Error> {
    let mut tx = scope.begin().await?;
    let call = store::call(&mut tx, id).await?;
    if call.ended_at.is_none() {
        let whom = (call.ticket, scope.actor.user);
        link::settle(app, &mut tx, &scope.who, whom, "page").await?;
    }
    let call = store::call(&mut tx, id).await?;
    tx.commit().await?;
    Ok(call)
}

/// Writes a note for the next shift.
pub async fn hand_over(app: &App, scope: &StaffScope, rota: RotaId, text: &str) -> Result<Handover, Error> {
    let text = body(text)?;
    let now = app.now();
    let id = HandoverId::new(&*app.ids, now);
    let mut tx = scope.begin().await?;
    let known = store::lock_rota(&mut tx, rota, now).await?;
    let writer = (scope.actor.user, scope.actor.name.as_str());
    store::insert_handover(&mut tx, (id, rota), writer, text, now).await?;
    let change = Change::plain("rota.hand_over");
    tell(app, &mut tx, scope, ("rota", rota.0, &known.name), &change).await?;
    let note = store::handover(&mut tx, id).await?;
    tx.commit().await?;
    Ok(note)
}

/// Says that whoever asks has read a note. One that somebody has read before stays as it is.
pub async fn see_handover(app: &App, scope: &StaffScope, id: HandoverId) -> Result<Handover, Error> {
    let mut tx = scope.begin().await?;
    let known = store::handover(&mut tx, id).await?;
    if store::see_handover(&mut tx, id, &scope.actor.name, app.now()).await? {
        let change = Change::plain("rota.hand_over_read");
        tell(
            app,
            &mut tx,
            scope,
            ("rota", known.rota.0, &known.rota_name),
            &change,
        )
        .await?;
    }
    let note = store::handover(&mut tx, id).await?;
    tx.commit().await?;
    Ok(note)
}
