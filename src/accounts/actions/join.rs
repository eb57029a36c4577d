//! Accepting an invitation: as a new person, who chooses name and password, or as one who is signed in.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::accounts::hashing::Seat;
use crate::accounts::model::{Client, Link, MAX_GUESTS, Offer, Purpose};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Actor, StaffRole, TenantRole, Who};
use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events::{self, GUEST_TOPIC};
use crate::platform::ids::{TenantId, UserId};
use crate::platform::secret::hash_token;

use super::guests::{told, too_many};
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
    /// The server, if the invitation is to one.
    pub server: Option<SharedView>,
    /// Who invited.
    pub invited_by: String,
    /// Whether the address has an account, whose owner must sign in.
    pub has_account: bool,
}

/// What the page of an invitation to a server shows of it.
#[derive(Debug, Clone)]
pub struct SharedView {
    /// The server's name.
    pub name: String,
    /// What the guest may do, each in a sentence.
    pub permissions: Vec<&'static str>,
    /// Until when.
    pub until: Option<DateTime<Utc>>,
}

/// What an invitation gives.
enum Place {
    Tenant(TenantId, TenantRole),
    Staff(StaffRole),
    Server(TenantId, Offer),
}

/// What links to the page of invitations are for.
const INVITATIONS: [Purpose; 2] = [Purpose::Invite, Purpose::Guest];

impl Place {
    fn of(link: &Link) -> Result<Self, Error> {
        let broken = || Error::internal("an invitation without a role");
        if link.purpose == Purpose::Guest {
            let offer = link.offer.clone();
            return Ok(Self::Server(
                link.tenant.ok_or_else(broken)?,
                offer.ok_or_else(broken)?,
            ));
        }
        match link.tenant {
            Some(tenant) => Ok(Self::Tenant(tenant, link.tenant_role().ok_or_else(broken)?)),
            None => Ok(Self::Staff(link.staff_role().ok_or_else(broken)?)),
        }
    }
}

async fn find(app: &App, tx: &mut SystemTx, token: &str) -> Result<Option<Link>, Error> {
    let hash = hash_token(token);
    for purpose in INVITATIONS {
        if let Some(link) = store::find_link(tx, purpose, &hash, app.now()).await? {
            return Ok(Some(link));
        }
    }
    Ok(None)
}

/// Uses an invitation up.
async fn take(app: &App, tx: &mut SystemTx, token: &str) -> Result<Link, Error> {
    let hash = hash_token(token);
    for purpose in INVITATIONS {
        if let Some(link) = store::use_link(tx, purpose, &hash, app.now()).await? {
            return Ok(link);
        }
    }
    Err(Error::NotFound)
}

/// What a link invites to; `None` if it no longer works.
pub async fn view_invitation(app: &App, token: &str) -> Result<Option<InvitationView>, Error> {
    let mut tx = app.db.system().await?;
    let Some(link) = find(app, &mut tx, token).await? else {
        return Ok(None);
    };
    let email = link.email.clone().unwrap_or_default();
    let has_account = store::credentials_by_email(&mut tx, &email).await?.is_some();
    let (tenant, role, server) = match Place::of(&link)? {
        Place::Tenant(tenant, role) => {
            let host = store::host(&mut tx, tenant).await?;
            if host.is_closed {
                return Ok(None);
            }
            (Some(host.name), role.label(), None)
        }
        Place::Staff(role) => (None, role.label(), None),
        Place::Server(tenant, offer) => {
            let Some(shared) = open_server(app, &mut tx, tenant, &offer).await? else {
                return Ok(None);
            };
            let view = SharedView {
                name: shared.name,
                permissions: offer.permissions.iter().map(|one| one.about()).collect(),
                until: offer.until,
            };
            (Some(shared.tenant_name), "Guest", Some(view))
        }
    };
    tx.commit().await?;
    Ok(Some(InvitationView {
        email,
        tenant,
        role,
        server,
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
    let link = take(app, &mut tx, token).await?;
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
    let link = take(app, &mut tx, token).await?;
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
    let home = match Place::of(link)? {
        Place::Tenant(tenant, role) => join_tenant(app, tx, tenant, (user, email), role).await?,
        Place::Staff(role) => join_staff(app, tx, (user, email), role).await?,
        Place::Server(tenant, offer) => {
            let by = (user, email);
            return join_server(app, tx, who, by, (tenant, &offer, &link.created_by)).await;
        }
    };
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

/// The server of an invitation, if it can still be accepted.
async fn open_server(
    app: &App,
    tx: &mut SystemTx,
    tenant: TenantId,
    offer: &Offer,
) -> Result<Option<store::SharedServer>, Error> {
    let is_over = offer.until.is_some_and(|until| until <= app.now());
    let shared = store::shared_server(tx, tenant, offer.server).await?;
    Ok(shared.filter(|shared| !shared.is_closed && !shared.is_leaving && !is_over))
}

async fn join_server(
    app: &App,
    tx: &mut SystemTx,
    who: &Who,
    (user, email): (UserId, &str),
    (tenant, offer, invited_by): (TenantId, &Offer, &str),
) -> Result<String, Error> {
    store::lock_guests(tx, offer.server).await?;
    let shared = open_server(app, tx, tenant, offer)
        .await?
        .ok_or(Error::NotFound)?;
    if store::is_member(tx, tenant, email).await? {
        return Err(Error::conflict("already-member", "You are already a member."));
    }
    let (guests, _) = store::count_guests(tx, offer.server, app.now()).await?;
    if guests >= MAX_GUESTS && !store::is_guest(tx, offer.server, email).await? {
        return Err(too_many());
    }
    store::insert_guest(tx, (tenant, user), offer, invited_by, app.now()).await?;
    events::emit(tx, Some(tenant), GUEST_TOPIC, Some(offer.server.0)).await?;
    let target = Target {
        kind: "guest",
        id: Some(user.0),
        label: email,
        tenant: Some(tenant),
    };
    let mut after = told(&shared.name, offer);
    after["invited_by"] = invited_by.into();
    app.audit(tx, who, &target, &Change::to("guest.accept", after))
        .await?;
    Ok(format!("/t/{}/servers/{}", shared.slug, offer.server))
}
