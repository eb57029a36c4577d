//! The first owner of an installation: whoever can read what `berth serve` prints.

use crate::accounts::hashing::Seat;
use crate::accounts::model::{Client, IssuedLink, Purpose};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffRole, SystemScope};
use crate::platform::error::Error;
use crate::platform::ids::UserId;
use crate::platform::secret::hash_token;

use super::links::{For, issue};
use super::{NewPerson, SignedIn, begin_session, visitor};

/// Makes the set-up link that `berth serve` prints; earlier ones stop working. `None` once there is an owner.
pub async fn renew_setup_link(app: &App, scope: &SystemScope) -> Result<Option<IssuedLink>, Error> {
    let mut tx = scope.begin().await?;
    store::lock_setup(&mut tx).await?;
    if store::has_owner(&mut tx).await? {
        return Ok(None);
    }
    store::delete_setup_links(&mut tx).await?;
    let link = issue(app, &mut tx, &scope.who, Purpose::Setup, For::default()).await?;
    tx.commit().await?;
    Ok(Some(link))
}

/// Whether the link still works.
pub async fn is_setup_link(app: &App, token: &str) -> Result<bool, Error> {
    let mut tx = app.db.system().await?;
    let link = store::find_link(&mut tx, Purpose::Setup, &hash_token(token), app.now()).await?;
    let open = link.is_some() && !store::has_owner(&mut tx).await?;
    tx.commit().await?;
    Ok(open)
}

/// Makes the first owner and signs them in. `NotFound` if the link no longer works; of two at once, one wins.
pub async fn complete_setup(
    app: &App,
    client: &Client,
    token: &str,
    person: &NewPerson<'_>,
    old_cookie: Option<&str>,
) -> Result<SignedIn, Error> {
    // Before the hash, which costs more than a guess at a link should.
    if !is_setup_link(app, token).await? {
        return Err(Error::NotFound);
    }
    let (name, email, password) = person.parse()?;
    let hash = Seat::take()?.hash(password.secret()).await?;
    let now = app.now();
    let mut tx = app.db.system().await?;
    store::lock_setup(&mut tx).await?;
    let link = store::use_link(&mut tx, Purpose::Setup, &hash_token(token), now).await?;
    if link.is_none() || store::has_owner(&mut tx).await? {
        return Err(Error::NotFound);
    }
    store::delete_setup_links(&mut tx).await?;
    let user = UserId::new(&*app.ids, now);
    let owner = Some(StaffRole::Owner);
    store::insert_person(&mut tx, user, (&email, &name), &hash, owner, now)
        .await
        .map_err(super::taken)?;
    let signed_in = begin_session(app, &mut tx, user, client, old_cookie).await?;
    let who = visitor(client, Some(user), email.as_str());
    let target = Target {
        kind: "user",
        id: Some(user.0),
        label: email.as_str(),
        tenant: None,
    };
    let after = serde_json::json!({ "name": name.as_str(), "staff_role": "owner" });
    app.audit(&mut tx, &who, &target, &Change::to("setup.complete", after))
        .await?;
    tx.commit().await?;
    Ok(signed_in)
}
