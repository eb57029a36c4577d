//! Sharing a server: offer it, change what was given, take it back. One transaction each, with its audit event.

use serde_json::{Value, json};

use crate::accounts::{self, EmailAddress, GuestInvitation, IssuedLink, Offer};
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::error::{Error, FieldErrors};
use crate::platform::events::{self, GUEST_TOPIC};
use crate::platform::ids::{LinkId, ServerId, UserId};
use crate::servers::{
    self,
    model::{Refusal, Server},
};

use super::model::{Guest, Wanted};
use super::store;

/// Whom a server is shared with, and to whom it is offered.
#[derive(Debug)]
pub struct Sharing {
    /// The server.
    pub server: Server,
    /// Its guests.
    pub guests: Vec<Guest>,
    /// Open invitations.
    pub invitations: Vec<GuestInvitation>,
}

/// Looks.
pub async fn sharing(app: &App, scope: &TenantScope, id: ServerId) -> Result<Sharing, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let guests = store::list(&mut tx, id).await?;
    let invitations = accounts::guest_invitations(&mut tx, id, app.now()).await?;
    Ok(Sharing {
        server,
        guests,
        invitations,
    })
}

/// One guest, with the server.
pub async fn find(scope: &TenantScope, id: ServerId, user: UserId) -> Result<(Server, Guest), Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    Ok((server, store::lock(&mut tx, id, user).await?))
}

/// Offers a server to somebody.
pub async fn invite(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    (email, wanted): (&str, &Wanted<'_>),
) -> Result<IssuedLink, Error> {
    let mut errors = FieldErrors::default();
    let email = errors.check("email", EmailAddress::parse(email));
    let offer = match wanted.parse(id, app.now()) {
        Ok(offer) => Some(offer),
        Err(more) => {
            errors.0.extend(more.0);
            None
        }
    };
    let (Some(email), Some(offer)) = (email, offer) else {
        return Err(errors.into());
    };
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    if server.deleting_at.is_some() {
        return Err(Refusal::Deleting.into());
    }
    let link = accounts::offer_server(app, &mut tx, scope, (&email, offer), &server.name).await?;
    tx.commit().await?;
    Ok(link)
}

/// Makes a new link for an open invitation. Tells whom it is for as well.
pub async fn renew(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    invitation: LinkId,
) -> Result<(IssuedLink, String), Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let renewed = accounts::renew_offer(app, &mut tx, scope, (id, &server.name), invitation).await?;
    tx.commit().await?;
    Ok(renewed)
}

/// Takes an invitation back.
pub async fn revoke_invitation(
    app: &App,
    scope: &TenantScope,
    id: ServerId,
    invitation: LinkId,
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    accounts::revoke_offer(app, &mut tx, scope, (id, &server.name), invitation).await?;
    tx.commit().await
}

fn told(server: &Server, permissions: &[Permission], until: Option<chrono::DateTime<chrono::Utc>>) -> Value {
    let permissions: Vec<_> = permissions.iter().map(|one| one.name()).collect();
    json!({
        "server": server.name,
        "server_id": server.id,
        "permissions": permissions,
        "until": until,
    })
}

fn target<'a>(scope: &TenantScope, guest: &'a Guest) -> Target<'a> {
    Target {
        kind: "guest",
        id: Some(guest.user.0),
        label: &guest.email,
        tenant: Some(scope.tenant()),
    }
}

/// Changes what a guest may do. `check_version` refuses if somebody else changed it since it was read.
pub async fn change(
    app: &App,
    scope: &TenantScope,
    (id, user): (ServerId, UserId),
    wish: impl FnOnce(&Guest) -> Result<Offer, FieldErrors> + Send,
    check_version: impl Fn(i64) -> Result<(), Error> + Send,
) -> Result<Guest, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let before = store::lock(&mut tx, id, user).await?;
    check_version(before.version)?;
    let offer = wish(&before)?;
    if offer.permissions == before.permissions && offer.until == before.until {
        return Ok(before);
    }
    store::change(&mut tx, user, &offer, app.now()).await?;
    events::emit(&mut tx, Some(scope.tenant()), GUEST_TOPIC, Some(id.0)).await?;
    let change = Change::between(
        "guest.change",
        told(&server, &before.permissions, before.until),
        told(&server, &offer.permissions, offer.until),
    );
    app.audit(&mut tx, &scope.who, &target(scope, &before), &change)
        .await?;
    let after = store::lock(&mut tx, id, user).await?;
    tx.commit().await?;
    Ok(after)
}

/// Ends a guest's access. Their streams, consoles and tokens for the server end with it.
pub async fn revoke(app: &App, scope: &TenantScope, id: ServerId, user: UserId) -> Result<Guest, Error> {
    let mut tx = scope.begin().await?;
    let server = servers::find(&mut tx, id).await?;
    let guest = store::lock(&mut tx, id, user).await?;
    store::remove(&mut tx, id, user).await?;
    events::emit(&mut tx, Some(scope.tenant()), GUEST_TOPIC, Some(id.0)).await?;
    let change = Change {
        action: "guest.revoke",
        before: Some(told(&server, &guest.permissions, guest.until)),
        after: None,
    };
    app.audit(&mut tx, &scope.who, &target(scope, &guest), &change)
        .await?;
    tx.commit().await?;
    Ok(guest)
}
