//! Changing roles, removing members, leaving.

use serde_json::json;

use crate::app::App;
use crate::audit::{Change, Target};
use crate::platform::access::{StaffScope, TenantRole, TenantScope, Who};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, UserId};

use super::super::model::{Member, Office};
use super::super::store;
use super::MEMBER_TOPIC;

/// Who changes the members of which tenant, in which office.
#[derive(Debug, Clone, Copy)]
pub enum By<'a> {
    /// A member of the tenant.
    Member(&'a TenantScope),
    /// One of the staff.
    Staff(&'a StaffScope, TenantId),
}

impl By<'_> {
    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        match self {
            Self::Member(scope) => scope.tenant(),
            Self::Staff(_, tenant) => *tenant,
        }
    }

    fn who(&self) -> &Who {
        match self {
            Self::Member(scope) => &scope.who,
            Self::Staff(scope, _) => &scope.who,
        }
    }

    /// The office as it is now, asked for after the owners were locked: the guard let the request in before, and whoever
    /// has another role since then asks again.
    async fn office(&self, tx: &mut impl Scoped) -> Result<Office, Error> {
        let Self::Member(scope) = self else {
            return Ok(Office::Staff);
        };
        let now = store::find_member(tx, scope.tenant(), scope.actor.user).await?;
        if Some(now.role) == scope.member.role() {
            Ok(Office::Member(now.role))
        } else {
            Err(Error::Forbidden)
        }
    }

    fn is_oneself(&self, user: UserId) -> bool {
        matches!(self, Self::Member(scope) if scope.actor.user == user)
    }
}

/// Gives a member another role. The role that they have already changes nothing.
pub async fn change_role(app: &App, by: By<'_>, user: UserId, role: TenantRole) -> Result<Member, Error> {
    match by {
        By::Member(scope) => {
            let mut tx = scope.begin().await?;
            let member = set_role(app, &mut tx, by, user, role).await?;
            tx.commit().await?;
            Ok(member)
        }
        By::Staff(scope, _) => {
            let mut tx = scope.begin().await?;
            let member = set_role(app, &mut tx, by, user, role).await?;
            tx.commit().await?;
            Ok(member)
        }
    }
}

/// Ends a membership. The person keeps their account.
pub async fn remove(app: &App, by: By<'_>, user: UserId) -> Result<Member, Error> {
    match by {
        By::Member(scope) => {
            let mut tx = scope.begin().await?;
            let member = end(app, &mut tx, by, user).await?;
            tx.commit().await?;
            Ok(member)
        }
        By::Staff(scope, _) => {
            let mut tx = scope.begin().await?;
            let member = end(app, &mut tx, by, user).await?;
            tx.commit().await?;
            Ok(member)
        }
    }
}

async fn set_role(
    app: &App,
    tx: &mut impl Scoped,
    by: By<'_>,
    user: UserId,
    role: TenantRole,
) -> Result<Member, Error> {
    let tenant = by.tenant();
    let owners = store::lock_owners(tx, tenant).await?;
    let before = store::find_member(tx, tenant, user).await?;
    by.office(tx).await?.may_change(before.role, role, owners.len())?;
    if before.role == role {
        return Ok(before);
    }
    store::change_role(tx, tenant, user, role).await?;
    let change = Change::between("member.role", json!({"role": before.role}), json!({"role": role}));
    tell(app, tx, by, &before, &change).await?;
    Ok(Member { role, ..before })
}

async fn end(app: &App, tx: &mut impl Scoped, by: By<'_>, user: UserId) -> Result<Member, Error> {
    let tenant = by.tenant();
    let owners = store::lock_owners(tx, tenant).await?;
    let member = store::find_member(tx, tenant, user).await?;
    by.office(tx)
        .await?
        .may_remove(member.role, by.is_oneself(user), owners.len())?;
    store::remove_member(tx, tenant, user).await?;
    let action = if by.is_oneself(user) {
        "member.leave"
    } else {
        "member.remove"
    };
    let change = Change {
        action,
        before: Some(json!({"role": member.role})),
        after: None,
    };
    tell(app, tx, by, &member, &change).await?;
    Ok(member)
}

async fn tell(
    app: &App,
    tx: &mut impl Scoped,
    by: By<'_>,
    member: &Member,
    change: &Change,
) -> Result<(), Error> {
    let tenant = by.tenant();
    let target = Target {
        kind: "member",
        id: Some(member.user.0),
        label: &member.email,
        tenant: Some(tenant),
    };
    events::emit(tx, Some(tenant), MEMBER_TOPIC, Some(member.user.0)).await?;
    app.audit(tx, by.who(), &target, change).await
}
