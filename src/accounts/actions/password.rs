//! Choosing a new password: with the present one, or with a link.

use crate::accounts::hashing::Seat;
use crate::accounts::model::{Client, IssuedLink, NewPassword, Purpose, may_touch_colleague};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::break_glass;
use crate::notifications::{self, Draft};
use crate::platform::access::{StaffScope, SystemScope, UserScope, Via, Who};
use crate::platform::db::{Scoped, StaffTx};
use crate::platform::error::Error;
use crate::platform::ids::{SessionId, TenantId, UserId};
use crate::platform::secret::{Secret, hash_token};
use crate::tenants;

use super::links::{For, issue};
use super::throttle::{AttemptError, Keys};
use super::visitor;

/// Writes what happened to somebody's password into the log of each of their tenants too: whoever gets hold of a member's
/// account gets into these.
async fn audit(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (user, email): (UserId, &str),
    action: &'static str,
) -> Result<(), Error> {
    let tenants = store::tenants_of(tx, user).await?;
    let none = tenants.is_empty().then_some(None);
    for tenant in tenants.into_iter().map(Some).chain(none) {
        let target = Target {
            kind: "user",
            id: Some(user.0),
            label: email,
            tenant,
        };
        app.audit(tx, who, &target, &Change::plain(action)).await?;
    }
    Ok(())
}

/// The hash (argon2id, as a PHC string) of a password that somebody chooses for something else than an account, such as a mailbox;
/// judged as accounts' are, and bounded with them.
pub async fn hash_chosen(chosen: &str, about: &[&str]) -> Result<String, Error> {
    let new =
        NewPassword::parse(chosen, about).map_err(|error| Error::invalid("password", error.to_string()))?;
    Seat::take()?.hash(new.secret()).await
}

/// Changes one's own password; all other sessions end. Wrong guesses at the present one count as failed sign-ins, so a
/// borrowed browser is no way around the lock.
pub async fn change_password(
    app: &App,
    scope: &UserScope,
    current: &Secret,
    chosen: &str,
) -> Result<u64, AttemptError> {
    let actor = &scope.actor;
    let new = NewPassword::parse(chosen, &[&actor.email, &actor.name])
        .map_err(|error| Error::invalid("password", error.to_string()))?;
    let keys = Keys::new(&actor.email, scope.who.ip.as_deref().unwrap_or_default());
    let seat = Seat::take()?;
    let mut tx = app.db.system().await?;
    keys.charge(&mut tx, app.now()).await?;
    let kept = store::credentials(&mut tx, actor.user)
        .await?
        .and_then(|found| found.password_hash);
    tx.commit().await?;
    if !seat.verify(current, kept.clone()).await? {
        return Err(AttemptError::Wrong);
    }
    let old = kept.ok_or(AttemptError::Wrong)?;
    let hash = seat.hash(new.secret()).await?;
    let mut tx = app.db.system().await?;
    if !store::replace_password(&mut tx, actor.user, (&old, &hash), app.now()).await? {
        return Err(AttemptError::Wrong);
    }
    keys.settle(&mut tx, app.now()).await?;
    let ended = store::delete_sessions(&mut tx, actor.user, current_session(scope)).await?;
    break_glass::end_lost(app, &mut tx, &scope.who, actor.user).await?;
    store::delete_password_links(&mut tx, actor.user).await?;
    audit(
        app,
        &mut tx,
        &scope.who,
        (actor.user, &actor.email),
        "password.change",
    )
    .await?;
    tx.commit().await?;
    Ok(ended)
}

/// The session that asks.
pub(super) fn current_session(scope: &UserScope) -> Option<SessionId> {
    match scope.actor.via {
        Via::Session(id) => Some(id),
        Via::Token { .. } => None,
    }
}

/// Makes a link with which `user` sets a new password. Only an owner makes one for an owner.
pub async fn issue_password_link(app: &App, scope: &StaffScope, user: UserId) -> Result<IssuedLink, Error> {
    let mine = scope.actor.staff.ok_or(Error::Forbidden)?;
    let mut tx = scope.begin().await?;
    store::lock_person(&mut tx, user).await?;
    let person = store::person(&mut tx, user).await?.ok_or(Error::NotFound)?;
    if !may_touch_colleague(mine, person.staff) {
        return Err(Error::Forbidden);
    }
    if person.disabled_at.is_some() {
        return Err(Error::conflict(
            "person-disabled",
            "This account is disabled. Enable it first.",
        ));
    }
    let link = issue_for(app, &mut tx, &scope.who, (user, &person.email)).await?;
    for tenant in store::tenants_of(&mut tx, user).await? {
        tell(app, &mut tx, &scope.who.label, tenant, (user, &person.email)).await?;
    }
    tx.commit().await?;
    Ok(link)
}

/// Tells owners that staff made a link by which somebody can come in as a member of theirs.
async fn tell(
    app: &App,
    tx: &mut StaffTx,
    by: &str,
    tenant: TenantId,
    (user, email): (UserId, &str),
) -> Result<(), Error> {
    let tenant = tenants::find_tenant(tx, tenant).await?;
    let log = app.config.link(&format!("/t/{}/audit", tenant.slug));
    let draft = Draft {
        subject: format!("Staff made a password link for {email}"),
        text: format!(
            "{by} made a link by which a new password can be chosen for {email}, who is a member of {}. If nobody of yours asked for \
             it, ask us why.\n\nWhat becomes of it stands in your audit log: {log}\n",
            tenant.name
        ),
        about: Some(user.0),
    };
    notifications::tell_owners(app, tx, &tenant, &draft).await
}

/// The same for whoever has the server's command line.
pub async fn issue_password_link_by_email(
    app: &App,
    scope: &SystemScope,
    email: &str,
) -> Result<IssuedLink, Error> {
    let mut tx = scope.begin().await?;
    let email = email.trim().to_lowercase();
    let found = store::credentials_by_email(&mut tx, &email)
        .await?
        .ok_or(Error::NotFound)?;
    if found.disabled_at.is_some() {
        return Err(Error::conflict(
            "person-disabled",
            "This account is disabled. Enable it first.",
        ));
    }
    let link = issue_for(app, &mut tx, &scope.who, (UserId(found.id), &found.email)).await?;
    tx.commit().await?;
    Ok(link)
}

async fn issue_for(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (user, email): (UserId, &str),
) -> Result<IssuedLink, Error> {
    store::delete_password_links(tx, user).await?;
    let made_for = For {
        user: Some(user),
        ..For::default()
    };
    let link = issue(app, tx, who, Purpose::Password, made_for).await?;
    audit(app, tx, who, (user, email), "password.link").await?;
    Ok(link)
}

/// Whose password the link sets; `None` if it no longer works.
pub async fn view_password_link(app: &App, token: &str) -> Result<Option<String>, Error> {
    let mut tx = app.db.system().await?;
    let link = store::find_link(&mut tx, Purpose::Password, &hash_token(token), app.now()).await?;
    let email = match link.and_then(|link| link.user) {
        Some(user) => store::credentials(&mut tx, user).await?,
        None => None,
    };
    tx.commit().await?;
    Ok(email
        .filter(|found| found.disabled_at.is_none())
        .map(|found| found.email))
}

/// Sets a new password with a link; all sessions and tokens end, and the lock of failed sign-ins with them: whoever had
/// the account must have nothing left of it.
pub async fn reset_password(app: &App, client: &Client, token: &str, chosen: &str) -> Result<(), Error> {
    let email = view_password_link(app, token).await?.ok_or(Error::NotFound)?;
    let new = NewPassword::parse(chosen, &[&email])
        .map_err(|error| Error::invalid("password", error.to_string()))?;
    let hash = Seat::take()?.hash(new.secret()).await?;
    let now = app.now();
    let mut tx = app.db.system().await?;
    let link = store::use_link(&mut tx, Purpose::Password, &hash_token(token), now).await?;
    let user = link.and_then(|link| link.user).ok_or(Error::NotFound)?;
    if !store::lock_enabled(&mut tx, user).await? {
        return Err(Error::NotFound);
    }
    store::set_password(&mut tx, user, &hash, now).await?;
    store::delete_sessions(&mut tx, user, None).await?;
    store::revoke_tokens(&mut tx, user, now).await?;
    Keys::clear_account(&mut tx, &email).await?;
    let who = visitor(client, Some(user), &email);
    audit(app, &mut tx, &who, (user, &email), "password.reset").await?;
    break_glass::end_lost(app, &mut tx, &who, user).await?;
    tx.commit().await
}
