//! Inviting people to one server. The link works like every invitation: once, for seven days, for the invited address. Whose
//! server it is, and that the inviter may share it, is for the caller to have asked.

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use crate::accounts::model::{EmailAddress, GuestInvitation, IssuedLink, MAX_GUESTS, Offer, Purpose};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{Permission, TenantScope};
use crate::platform::db::TenantTx;
use crate::platform::error::Error;
use crate::platform::ids::{LinkId, ServerId, TenantId};

use super::links::{For, issue};

pub(super) fn too_many() -> Error {
    let message = format!(
        "A server can be shared with {MAX_GUESTS} people, open invitations among them. End one of them first."
    );
    Error::conflict("too-many-guests", message)
}

/// Whom audit events about offers are about.
fn offer_target(tenant: TenantId, id: LinkId, email: &str) -> Target<'_> {
    Target {
        kind: "invitation",
        id: Some(id.0),
        label: email,
        tenant: Some(tenant),
    }
}

/// What they tell of what is shared.
pub(super) fn told(server: &str, offer: &Offer) -> Value {
    let permissions: Vec<_> = offer.permissions.iter().copied().map(Permission::name).collect();
    json!({
        "server": server,
        "server_id": offer.server.to_string(),
        "permissions": permissions,
        "until": offer.until,
    })
}

/// Offers a server to somebody. The link is shown to the inviter once; an earlier one of the same address stops working.
pub async fn offer_server(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (email, offer): (&EmailAddress, Offer),
    server_name: &str,
) -> Result<IssuedLink, Error> {
    let (tenant, server) = (scope.tenant(), offer.server);
    store::lock_guests(tx, server).await?;
    if store::is_member(tx, tenant, email.as_str()).await? {
        return Err(Error::invalid(
            "email",
            "This person is a member of the organisation already, and has what their role allows.",
        ));
    }
    if store::is_guest(tx, server, email.as_str()).await? {
        return Err(Error::invalid(
            "email",
            "The server is already shared with this person. Change what they may do in the list below.",
        ));
    }
    store::delete_guest_invitations_of(tx, server, email.as_str()).await?;
    let (guests, offers) = store::count_guests(tx, server, app.now()).await?;
    if guests.saturating_add(offers) >= MAX_GUESTS {
        return Err(too_many());
    }
    let after = told(server_name, &offer);
    let link = send(app, tx, scope, (email.as_str(), offer)).await?;
    let target = offer_target(tenant, link.id, email.as_str());
    app.audit(tx, &scope.who, &target, &Change::to("guest.invite", after))
        .await?;
    Ok(link)
}

async fn send(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (email, offer): (&str, Offer),
) -> Result<IssuedLink, Error> {
    let made_for = For {
        tenant: Some(scope.tenant()),
        email: Some(email),
        offer: Some(offer),
        ..For::default()
    };
    issue(app, tx, &scope.who, Purpose::Guest, made_for).await
}

/// The open invitations to a server.
pub async fn guest_invitations(
    tx: &mut TenantTx,
    server: ServerId,
    now: DateTime<Utc>,
) -> Result<Vec<GuestInvitation>, Error> {
    store::guest_invitations(tx, server, now).await
}

/// Makes a new link for the same offer, which works for another seven days; the one before stops working. Tells whom it is
/// for as well.
pub async fn renew_offer(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (server, server_name): (ServerId, &str),
    id: LinkId,
) -> Result<(IssuedLink, String), Error> {
    let (email, offer) = store::delete_guest_invitation(tx, server, id)
        .await?
        .ok_or(Error::NotFound)?;
    if offer.until.is_some_and(|until| until <= app.now()) {
        let message = "Its last day is over. Take it back, and invite them with another.";
        return Err(Error::conflict("offer-over", message));
    }
    let after = told(server_name, &offer);
    let link = send(app, tx, scope, (&email, offer)).await?;
    let target = offer_target(scope.tenant(), link.id, &email);
    app.audit(tx, &scope.who, &target, &Change::to("guest.renew", after))
        .await?;
    Ok((link, email))
}

/// Takes an offer back. Its link no longer works.
pub async fn revoke_offer(
    app: &App,
    tx: &mut TenantTx,
    scope: &TenantScope,
    (server, server_name): (ServerId, &str),
    id: LinkId,
) -> Result<(), Error> {
    let (email, offer) = store::delete_guest_invitation(tx, server, id)
        .await?
        .ok_or(Error::NotFound)?;
    let change = Change {
        action: "guest.revoke_invitation",
        before: Some(told(server_name, &offer)),
        after: None,
    };
    let target = offer_target(scope.tenant(), id, &email);
    app.audit(tx, &scope.who, &target, &change).await
}
