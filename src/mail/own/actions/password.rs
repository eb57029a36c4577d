//! Choosing another mail password, with the present one.

use crate::accounts::{AttemptError, Client, NewPassword, Seat};
use crate::app::App;
use crate::audit::Change;
use crate::mail::own::store;
use crate::mail::own::verify::{hash, verify};
use crate::mail::{kicks, mailboxes};
use crate::platform::access::MailboxScope;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::secret::Secret;

use super::sign_in::keys;
use super::{begin_session, own_target};

/// Changes one's own password. All sessions end, of the panel (a trigger) and of mail programs, and the one that asks goes on as a
/// new one: gives what its cookie holds. Wrong guesses at the present password count as failed sign-ins.
pub(in crate::mail::own) async fn change_password(
    app: &App,
    scope: &MailboxScope,
    client: &Client,
    (current, chosen): (&Secret, &str),
) -> Result<Secret, AttemptError> {
    let owner = &scope.owner;
    let mut tx = scope.begin().await?;
    let name = store::overview(&mut tx, owner.mailbox).await?.name;
    tx.commit().await?;
    // Before the attempt is counted: a choice that is too weak is no guess.
    let new = NewPassword::parse(chosen, &[&owner.address, &name])
        .map_err(|error| Error::invalid("password", error.to_string()))?;
    let keys = keys(&owner.address, &client.ip);
    let seat = Seat::take()?;
    let mut tx = app.db.system().await?;
    keys.charge(&mut tx, app.now()).await?;
    let found = store::credentials(&mut tx, &owner.address).await?;
    tx.commit().await?;
    let found = found.filter(|found| found.id == owner.mailbox.0 && found.is_open);
    let old = found.and_then(|found| found.password_hash);
    if !verify(&seat, current, old.as_deref()).await? {
        return Err(AttemptError::Wrong);
    }
    let old = old.ok_or(AttemptError::Wrong)?;
    let kept = hash(&seat, new.secret()).await?;
    let mut tx = app.db.system().await?;
    if !mailboxes::save_hash(&mut tx, owner.mailbox, (Some(old.as_str()), &kept), app.now()).await? {
        return Err(AttemptError::Wrong);
    }
    keys.settle(&mut tx, app.now()).await?;
    let addresses = std::slice::from_ref(&owner.address);
    kicks::ask(&mut tx, owner.tenant, addresses, app.now()).await?;
    let cookie = begin_session(app, &mut tx, (owner.mailbox.0, owner.tenant.0), client).await?;
    let topic = crate::mail::TOPIC;
    events::emit(&mut tx, Some(owner.tenant), topic, Some(owner.mailbox.0)).await?;
    let change = Change::plain("mailbox.own_password");
    app.audit(&mut tx, &scope.who, &own_target(scope), &change)
        .await?;
    tx.commit().await?;
    Ok(cookie)
}
