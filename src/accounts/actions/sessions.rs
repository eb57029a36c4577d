//! Listing and ending sessions.

use crate::accounts::authenticate::idle_since;
use crate::accounts::model::{Client, Session};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::break_glass;
use crate::platform::access::UserScope;
use crate::platform::error::Error;
use crate::platform::ids::SessionId;
use crate::platform::secret::hash_token;

use super::password::current_session;
use super::visitor;

fn target(scope: &UserScope) -> Target<'_> {
    Target {
        kind: "user",
        id: Some(scope.actor.user.0),
        label: &scope.actor.email,
        tenant: None,
    }
}

/// One's own sessions, each with whether it is the one that asks.
pub async fn list_sessions(app: &App, scope: &UserScope) -> Result<Vec<(Session, bool)>, Error> {
    let now = app.now();
    let mut tx = scope.begin().await?;
    let sessions = store::sessions(&mut tx, scope.actor.user, now, idle_since(app, now)).await?;
    tx.commit().await?;
    let current = current_session(scope);
    let mark = |session: Session| {
        let is_current = Some(session.id) == current;
        (session, is_current)
    };
    Ok(sessions.into_iter().map(mark).collect())
}

/// Ends one of one's own sessions.
pub async fn end_session(app: &App, scope: &UserScope, id: SessionId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    if !store::delete_session(&mut tx, scope.actor.user, id).await? {
        return Err(Error::NotFound);
    }
    app.audit(
        &mut tx,
        &scope.who,
        &target(scope),
        &Change::plain("session.revoke"),
    )
    .await?;
    tx.commit().await
}

/// Ends all one's sessions but the one that asks; how many there were.
pub async fn end_other_sessions(app: &App, scope: &UserScope) -> Result<u64, Error> {
    let mut tx = scope.begin().await?;
    let ended = store::delete_sessions(&mut tx, scope.actor.user, current_session(scope)).await?;
    let change = Change::to("session.revoke_others", serde_json::json!({ "ended": ended }));
    app.audit(&mut tx, &scope.who, &target(scope), &change).await?;
    tx.commit().await?;
    Ok(ended)
}

/// Ends the session of a cookie, if there is one.
pub async fn sign_out(app: &App, client: &Client, cookie: &str) -> Result<(), Error> {
    let mut tx = app.db.system().await?;
    if let Some(user) = store::delete_session_by_hash(&mut tx, &hash_token(cookie)).await? {
        let email = store::credentials(&mut tx, user)
            .await?
            .map(|found| found.email)
            .unwrap_or_default();
        let target = Target {
            kind: "user",
            id: Some(user.0),
            label: &email,
            tenant: None,
        };
        let who = visitor(client, Some(user), &email);
        app.audit(&mut tx, &who, &target, &Change::plain("session.end"))
            .await?;
        break_glass::end_lost(app, &mut tx, &who, user).await?;
    }
    tx.commit().await
}
