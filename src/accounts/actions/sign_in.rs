//! Signing in with address and password.
//!
//! The way is the same for everybody until the very end: count the attempt, look the account up, hash. Unknown, disabled
//! and passwordless accounts are checked against a dummy hash, so answer and time tell nothing.

use serde_json::json;

use crate::accounts::hashing::Seat;
use crate::accounts::model::{Client, EmailAddress};
use crate::accounts::store::{self, Credentials};
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::ids::UserId;
use crate::platform::metrics;
use crate::platform::secret::Secret;

use super::throttle::{AttemptError, Charged, Keys};
use super::{SignedIn, begin_session, visitor};

/// Signs somebody in. `old_cookie` is the session that the browser had, which ends.
pub async fn sign_in(
    app: &App,
    client: &Client,
    proof: (&str, &Secret),
    old_cookie: Option<&str>,
) -> Result<SignedIn, AttemptError> {
    let outcome = attempt(app, client, proof, old_cookie).await;
    metrics::sign_in(match &outcome {
        Ok(_) => "ok",
        Err(AttemptError::Wrong) => "wrong",
        Err(AttemptError::Locked { .. }) => "locked",
        Err(AttemptError::Other(_)) => "error",
    });
    outcome
}

async fn attempt(
    app: &App,
    client: &Client,
    (email, password): (&str, &Secret),
    old_cookie: Option<&str>,
) -> Result<SignedIn, AttemptError> {
    let email = email.trim().to_lowercase();
    let keys = Keys::new(&email, &client.ip);
    let seat = Seat::take()?;
    let mut tx = app.db.system().await?;
    let charged = keys.charge(&mut tx, app.now()).await?;
    let found = store::credentials_by_email(&mut tx, &email).await?;
    tx.commit().await?;

    let usable = found.as_ref().filter(|found| found.disabled_at.is_none());
    let kept = usable.and_then(|found| found.password_hash.clone());
    let right = seat.verify(password, kept.clone()).await?;
    if let (true, Some(found), Some(kept)) = (right, usable, kept)
        && let Some(signed_in) = admit(app, client, &keys, (found, &kept), old_cookie).await?
    {
        return Ok(signed_in);
    }
    refuse(app, client, found.as_ref(), &email, &charged).await?;
    Err(AttemptError::Wrong)
}

/// `None` if the account was disabled or got another password meanwhile.
async fn admit(
    app: &App,
    client: &Client,
    keys: &Keys,
    (found, kept): (&Credentials, &str),
    old_cookie: Option<&str>,
) -> Result<Option<SignedIn>, AttemptError> {
    let user = UserId(found.id);
    let mut tx = app.db.system().await?;
    if !store::confirm(&mut tx, user, kept).await? {
        return Ok(None);
    }
    keys.settle(&mut tx, app.now()).await?;
    let signed_in = begin_session(app, &mut tx, user, client, old_cookie).await?;
    let who = visitor(client, Some(user), &found.email);
    let target = Target {
        kind: "user",
        id: Some(user.0),
        label: &found.email,
        tenant: None,
    };
    app.audit(&mut tx, &who, &target, &Change::plain("session.start"))
        .await?;
    tx.commit().await?;
    Ok(Some(signed_in))
}

async fn refuse(
    app: &App,
    client: &Client,
    found: Option<&Credentials>,
    email: &str,
    charged: &Charged,
) -> Result<(), AttemptError> {
    // What is no address may be a password in the wrong field; it is not written down.
    let label = if EmailAddress::parse(email).is_ok() {
        email
    } else {
        "(not an address)"
    };
    let who = visitor(client, None, label);
    let target = Target {
        kind: "user",
        id: found.map(|found| found.id),
        label,
        tenant: None,
    };
    let mut tx = app.db.system().await?;
    app.audit(&mut tx, &who, &target, &Change::plain("session.refuse"))
        .await?;
    if let Some(until) = charged.locks_until {
        let change = Change::to("account.lock", json!({ "until": until }));
        app.audit(&mut tx, &who, &target, &change).await?;
    }
    tx.commit().await?;
    Ok(())
}
