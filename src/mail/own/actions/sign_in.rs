//! Signing in with address and mail password, and out.
//!
//! The way is the same for every address until the very end: count the attempt, look the mailbox up, hash, and wait if it was wrong. So
//! answer and time tell nothing. Attempts are counted apart from those of users of the same address.

use serde_json::json;
use tokio::time::{Instant, sleep_until};
use uuid::Uuid;

use crate::accounts::{AttemptError, Client, Keys, Seat};
use crate::app::App;
use crate::audit::{Change, Target};
use crate::mail::model::Address;
use crate::mail::own::store::{self, Credentials};
use crate::mail::own::verify::{told_after, verify};
use crate::platform::access::Who;
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, TenantId};
use crate::platform::secret::{Secret, hash_token};

use super::{begin_session, target};

/// What attempts on a mailbox are counted under.
pub(super) fn keys(address: &str, ip: &str) -> Keys {
    Keys::new(&format!("mailbox {address}"), ip)
}

/// Signs somebody in; the session that the browser had ends. Gives what the cookie holds.
pub(in crate::mail::own) async fn sign_in(
    app: &App,
    client: &Client,
    (typed, password): (&str, &Secret),
    old_cookie: Option<&str>,
) -> Result<Secret, AttemptError> {
    let address = Address::parse(typed).map_or_else(
        |_| typed.trim().to_lowercase(),
        |address| address.as_str().to_owned(),
    );
    let begun = Instant::now();
    let keys = keys(&address, &client.ip);
    let seat = Seat::take()?;
    let mut tx = app.db.system().await?;
    let charged = keys.charge(&mut tx, app.now()).await?;
    let found = store::credentials(&mut tx, &address).await?;
    tx.commit().await?;

    let open = found.as_ref().filter(|found| found.is_open);
    let kept = open.and_then(|found| found.password_hash.as_deref());
    let is_right = verify(&seat, password, kept).await?;
    if let (true, Some(found), Some(kept)) = (is_right, open, kept)
        && let Some(cookie) = admit(app, client, &keys, (found, kept), old_cookie).await?
    {
        return Ok(cookie);
    }
    // Others need it more while this one waits.
    drop(seat);
    refuse(app, client, found.as_ref(), (&address, charged.locks_until)).await?;
    sleep_until(begun + told_after(begun.elapsed())).await;
    Err(AttemptError::Wrong)
}

/// `None` if the mailbox was disabled or got another password meanwhile.
async fn admit(
    app: &App,
    client: &Client,
    keys: &Keys,
    (found, kept): (&Credentials, &str),
    old_cookie: Option<&str>,
) -> Result<Option<Secret>, Error> {
    let mut tx = app.db.system().await?;
    if !store::confirm(&mut tx, MailboxId(found.id), kept).await? {
        return Ok(None);
    }
    keys.settle(&mut tx, app.now()).await?;
    if let Some(old) = old_cookie {
        store::delete_session(&mut tx, &hash_token(old)).await?;
    }
    let cookie = begin_session(app, &mut tx, (found.id, found.tenant_id), client).await?;
    let who = Who::mailbox(&found.address, &client.ip, &client.request_id);
    let target = target(&found.address, found.id, found.tenant_id);
    app.audit(&mut tx, &who, &target, &Change::plain("mailbox.sign_in"))
        .await?;
    tx.commit().await?;
    Ok(Some(cookie))
}

async fn refuse(
    app: &App,
    client: &Client,
    found: Option<&Credentials>,
    (address, locks_until): (&str, Option<chrono::DateTime<chrono::Utc>>),
) -> Result<(), Error> {
    // What is no address may be a password in the wrong field; it is not written down.
    let label = if Address::parse(address).is_ok() {
        address
    } else {
        "(not an address)"
    };
    let who = Who::mailbox(label, &client.ip, &client.request_id);
    let target = Target {
        kind: "mailbox",
        id: found.map(|found| found.id),
        label,
        tenant: found.map(|found| TenantId(found.tenant_id)),
    };
    let mut tx = app.db.system().await?;
    app.audit(&mut tx, &who, &target, &Change::plain("mailbox.sign_in_refuse"))
        .await?;
    if let Some(until) = locks_until {
        let change = Change::to("mailbox.lock", json!({ "until": until }));
        app.audit(&mut tx, &who, &target, &change).await?;
    }
    tx.commit().await
}

/// Ends the session of a cookie, if there is one.
pub(in crate::mail::own) async fn sign_out(app: &App, client: &Client, cookie: &str) -> Result<(), Error> {
    let mut tx = app.db.system().await?;
    let ended: Option<(Uuid, Uuid, String)> = store::delete_session(&mut tx, &hash_token(cookie)).await?;
    if let Some((id, tenant, address)) = ended {
        let who = Who::mailbox(&address, &client.ip, &client.request_id);
        let target = target(&address, id, tenant);
        app.audit(&mut tx, &who, &target, &Change::plain("mailbox.sign_out"))
            .await?;
    }
    tx.commit().await
}
