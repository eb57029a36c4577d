//! Inviting people to a tenant or to the staff, and taking invitations back.

use serde_json::json;

use crate::accounts::model::{EmailAddress, Invitation, IssuedLink, Purpose, may_grant, may_touch_colleague};
use crate::accounts::store;
use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffRole, StaffScope, TenantRole, TenantScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::{Error, FieldErrors};
use crate::platform::ids::{LinkId, TenantId};

use super::links::{For, issue};

/// Who is invited as what, as typed.
#[derive(Debug)]
pub struct NewInvitation<'a> {
    /// Their address.
    pub email: &'a str,
    /// The role's name.
    pub role: &'a str,
}

impl NewInvitation<'_> {
    fn parse<R: std::str::FromStr<Err: std::fmt::Display>>(&self) -> Result<(EmailAddress, R), FieldErrors> {
        let mut errors = FieldErrors::default();
        let email = errors.check("email", EmailAddress::parse(self.email));
        let role = errors.check("role", self.role.parse::<R>());
        match (email, role) {
            (Some(email), Some(role)) => Ok((email, role)),
            _ => Err(errors),
        }
    }
}

/// A member invites somebody to their tenant. The link is shown to the inviter once.
pub async fn invite(app: &App, scope: &TenantScope, new: &NewInvitation<'_>) -> Result<IssuedLink, Error> {
    let (email, role) = new.parse::<TenantRole>()?;
    if !may_grant(scope.member.role().ok_or(Error::Forbidden)?, role) {
        return Err(Error::Forbidden);
    }
    let mut tx = scope.begin().await?;
    let link = invite_to(app, &mut tx, &scope.who, scope.tenant(), (&email, role)).await?;
    tx.commit().await?;
    Ok(link)
}

/// Staff invite somebody to a tenant, its first owner for example.
pub async fn invite_as_staff(
    app: &App,
    scope: &StaffScope,
    tenant: TenantId,
    new: &NewInvitation<'_>,
) -> Result<IssuedLink, Error> {
    let (email, role) = new.parse::<TenantRole>()?;
    let mut tx = scope.begin().await?;
    let link = invite_to(app, &mut tx, &scope.who, tenant, (&email, role)).await?;
    tx.commit().await?;
    Ok(link)
}

async fn invite_to(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    tenant: TenantId,
    (email, role): (&EmailAddress, TenantRole),
) -> Result<IssuedLink, Error> {
    let host = store::host(tx, tenant).await?;
    if host.is_closed {
        return Err(Error::conflict("tenant-closed", "This organisation is closed."));
    }
    if store::is_member(tx, tenant, email.as_str()).await? {
        return Err(Error::invalid("email", "This person is already a member."));
    }
    store::delete_invitations_of(tx, Some(tenant), email.as_str()).await?;
    let open = store::invitations(tx, Some(tenant), app.now()).await?.len();
    host.check_room(i64::try_from(open).unwrap_or(i64::MAX))?;
    let made_for = For {
        tenant: Some(tenant),
        email: Some(email.as_str()),
        role: Some(role.name()),
        ..For::default()
    };
    let link = issue(app, tx, who, Purpose::Invite, made_for).await?;
    let change = Change::to("invitation.create", json!({ "role": role.name() }));
    app.audit(tx, who, &target(Some(tenant), link.id, email.as_str()), &change)
        .await?;
    Ok(link)
}

fn target(tenant: Option<TenantId>, id: LinkId, email: &str) -> Target<'_> {
    Target {
        kind: "invitation",
        id: Some(id.0),
        label: email,
        tenant,
    }
}

/// Staff invite a colleague. Only an owner makes owners.
pub async fn invite_colleague(
    app: &App,
    scope: &StaffScope,
    new: &NewInvitation<'_>,
) -> Result<IssuedLink, Error> {
    let (email, role) = new.parse::<StaffRole>()?;
    let mine = scope.actor.staff.ok_or(Error::Forbidden)?;
    if !may_touch_colleague(mine, Some(role)) {
        return Err(Error::Forbidden);
    }
    let mut tx = scope.begin().await?;
    if store::is_staff(&mut tx, email.as_str()).await? {
        return Err(Error::invalid("email", "This person is already on the staff."));
    }
    store::delete_invitations_of(&mut tx, None, email.as_str()).await?;
    let made_for = For {
        email: Some(email.as_str()),
        role: Some(role.name()),
        ..For::default()
    };
    let link = issue(app, &mut tx, &scope.who, Purpose::Invite, made_for).await?;
    let change = Change::to("invitation.create", json!({ "staff_role": role.name() }));
    app.audit(
        &mut tx,
        &scope.who,
        &target(None, link.id, email.as_str()),
        &change,
    )
    .await?;
    tx.commit().await?;
    Ok(link)
}

/// The open invitations to one's tenant.
pub async fn invitations(app: &App, scope: &TenantScope) -> Result<Vec<Invitation>, Error> {
    let mut tx = scope.begin().await?;
    let list = store::invitations(&mut tx, Some(scope.tenant()), app.now()).await?;
    tx.commit().await?;
    Ok(list)
}

/// The open invitations to a tenant, for staff.
pub async fn tenant_invitations(
    app: &App,
    scope: &StaffScope,
    tenant: TenantId,
) -> Result<Vec<Invitation>, Error> {
    let mut tx = scope.begin().await?;
    let list = store::invitations(&mut tx, Some(tenant), app.now()).await?;
    tx.commit().await?;
    Ok(list)
}

/// The open invitations to the staff.
pub async fn staff_invitations(app: &App, scope: &StaffScope) -> Result<Vec<Invitation>, Error> {
    let mut tx = scope.begin().await?;
    let list = store::invitations(&mut tx, None, app.now()).await?;
    tx.commit().await?;
    Ok(list)
}

/// Takes an invitation to one's tenant back. Only an owner takes an owner's back.
pub async fn revoke_invitation(app: &App, scope: &TenantScope, id: LinkId) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    let role = store::invitation_role(&mut tx, Some(scope.tenant()), id)
        .await?
        .ok_or(Error::NotFound)?;
    let mine = scope.member.role().ok_or(Error::Forbidden)?;
    if !may_grant(mine, role.parse().map_err(Error::internal)?) {
        return Err(Error::Forbidden);
    }
    revoke(app, &mut tx, &scope.who, Some(scope.tenant()), id).await?;
    tx.commit().await
}

/// Staff take an invitation to a tenant back.
pub async fn revoke_invitation_as_staff(
    app: &App,
    scope: &StaffScope,
    tenant: TenantId,
    id: LinkId,
) -> Result<(), Error> {
    let mut tx = scope.begin().await?;
    revoke(app, &mut tx, &scope.who, Some(tenant), id).await?;
    tx.commit().await
}

/// Staff take an invitation to the staff back.
pub async fn revoke_colleague_invitation(app: &App, scope: &StaffScope, id: LinkId) -> Result<(), Error> {
    let mine = scope.actor.staff.ok_or(Error::Forbidden)?;
    let mut tx = scope.begin().await?;
    let role = store::invitation_role(&mut tx, None, id)
        .await?
        .ok_or(Error::NotFound)?;
    if !may_touch_colleague(mine, Some(role.parse().map_err(Error::internal)?)) {
        return Err(Error::Forbidden);
    }
    revoke(app, &mut tx, &scope.who, None, id).await?;
    tx.commit().await
}

async fn revoke(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    tenant: Option<TenantId>,
    id: LinkId,
) -> Result<(), Error> {
    let (email, role) = store::delete_invitation(tx, tenant, id)
        .await?
        .ok_or(Error::NotFound)?;
    let change = Change {
        action: "invitation.revoke",
        before: Some(json!({ "role": role })),
        after: None,
    };
    app.audit(tx, who, &target(tenant, id, &email), &change).await
}
