//! Accepting an invitation: as a new person, who chooses name and password, or as one who is signed in.

use serde_json::json;

use crate::accounts::hashing::Seat;
use crate::accounts::model::{Client, Link, Purpose};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Actor, StaffRole, TenantRole, Who};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, UserId};
use crate::platform::secret::hash_token;

use super::{NewPerson, SignedIn, begin_session, visitor};

/// What the page of an invitation shows.
#[derive(Debug, Clone)]
pub struct InvitationView {
    /// Who is invited.
    pub email: String,
    /// The tenant's name; absent for the staff.
    pub tenant: Option<String>,
    /// The role in words.
    pub role: &'static str,
    /// Who invited.
    pub invited_by: String,
    /// Whether the address has an account, whose owner must sign in.
    pub has_account: bool,
}

/// What an invitation gives.
enum Place {
    Tenant(TenantId, TenantRole),
    Staff(StaffRole),
}

impl Place {
    fn of(link: &Link) -> Result<Self, Error> {
        let broken = || Error::internal("an invitation without a role");
        match link.tenant {
            Some(tenant) => Ok(Self::Tenant(tenant, link.tenant_role().ok_or_else(broken)?)),
            None => Ok(Self::Staff(link.staff_role().ok_or_else(broken)?)),
        }
    }
}

/// What a link invites to; `None` if it no longer works.
pub async fn view_invitation(app: &App, token: &str) -> Result<Option<InvitationView>, Error> {
    let mut tx = app.db.system().await?;
    let Some(link) = store::find_link(&mut tx, Purpose::Invite, &hash_token(token), app.now()).await? else {
        return Ok(None);
    };
    let email = link.email.clone().unwrap_or_default();
    let has_account = store::credentials_by_email(&mut tx, &email).await?.is_some();
    let (tenant, role) = match Place::of(&link)? {
        Place::Tenant(tenant, role) => {
            let host = store::host(&mut tx, tenant).await?;
            if host.is_closed {
                return Ok(None);
            }
            (Some(host.name), role.label())
        }
        Place::Staff(role) => (None, role.label()),
    };
    tx.commit().await?;
    Ok(Some(InvitationView {
        email,
        tenant,
        role,
        invited_by: link.created_by,
        has_account,
    }))
}

/// A new person joins and is signed in; where to go is returned too. The address is the invited one.
pub async fn accept_as_new(
    app: &App,
    client: &Client,
    token: &str,
    (name, password): (&str, &str),
    old_cookie: Option<&str>,
) -> Result<(SignedIn, String), Error> {
    let view = view_invitation(app, token).await?.ok_or(Error::NotFound)?;
    if view.has_account {
        return Err(Error::conflict(
            "sign-in-first",
            "This address has an account. Sign in to accept.",
        ));
    }
    let person = NewPerson {
        name,
        email: &view.email,
        password,
    };
    let (name, email, password) = person.parse()?;
    let hash = Seat::take()?.hash(password.secret()).await?;
    let now = app.now();
    let mut tx = app.db.system().await?;
    let link = store::use_link(&mut tx, Purpose::Invite, &hash_token(token), now)
        .await?
        .ok_or(Error::NotFound)?;
    let user = UserId::new(&*app.ids, now);
    store::insert_person(&mut tx, user, (&email, &name), &hash, None, now)
        .await
        .map_err(super::taken)?;
    let who = visitor(client, Some(user), email.as_str());
    let home = join(app, &mut tx, &who, (user, email.as_str()), &link).await?;
    let signed_in = begin_session(app, &mut tx, user, client, old_cookie).await?;
    tx.commit().await?;
    Ok((signed_in, home))
}

/// A signed-in person joins; where to go is returned. Somebody else's invitation is not theirs to accept.
pub async fn accept(app: &App, actor: &Actor, who: &Who, token: &str) -> Result<String, Error> {
    let mut tx = app.db.system().await?;
    let link = store::use_link(&mut tx, Purpose::Invite, &hash_token(token), app.now()).await?;
    let link = link.ok_or(Error::NotFound)?;
    if link.email.as_deref() != Some(actor.email.as_str()) {
        return Err(Error::Forbidden);
    }
    if !store::lock_enabled(&mut tx, actor.user).await? {
        return Err(Error::SignInRequired);
    }
    let home = join(app, &mut tx, who, (actor.user, &actor.email), &link).await?;
    tx.commit().await?;
    Ok(home)
}

async fn join(
    app: &App,
    tx: &mut SystemTx,
    who: &Who,
    (user, email): (UserId, &str),
    link: &Link,
) -> Result<String, Error> {
    let place = Place::of(link)?;
    let target = Target {
        kind: "user",
        id: Some(user.0),
        label: email,
        tenant: link.tenant,
    };
    let role = link.role.clone().unwrap_or_default();
    let change = Change::to(
        "invitation.accept",
        json!({ "role": role, "invited_by": link.created_by }),
    );
    let home = match place {
        Place::Tenant(tenant, role) => join_tenant(app, tx, tenant, (user, email), role).await?,
        Place::Staff(role) => join_staff(app, tx, (user, email), role).await?,
    };
    app.audit(tx, who, &target, &change).await?;
    Ok(home)
}

async fn join_tenant(
    app: &App,
    tx: &mut SystemTx,
    tenant: TenantId,
    (user, email): (UserId, &str),
    role: TenantRole,
) -> Result<String, Error> {
    store::lock_tenant(tx, tenant).await?;
    let host = store::host(tx, tenant).await?;
    if host.is_closed {
        return Err(Error::NotFound);
    }
    if store::is_member(tx, tenant, email).await? {
        return Err(Error::conflict("already-member", "You are already a member."));
    }
    host.check_room(0)?;
    store::insert_membership(tx, tenant, user, role, app.now()).await?;
    events::emit(tx, Some(tenant), "member", Some(user.0)).await?;
    Ok(format!("/t/{}", host.slug))
}

async fn join_staff(
    app: &App,
    tx: &mut SystemTx,
    (user, email): (UserId, &str),
    role: StaffRole,
) -> Result<String, Error> {
    if store::is_staff(tx, email).await? {
        return Err(Error::conflict("already-staff", "You are already on the staff."));
    }
    store::set_staff_role(tx, user, Some(role), app.now()).await?;
    Ok("/staff".to_owned())
}
