//! What the guard hands to a handler: the actor, and the only way to the data that the route's rule allows.

use std::convert::Infallible;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::platform::db::{Db, MailboxTx, Plans, StaffTx, SystemTx, TenantTx, UserTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, ServerId, TenantId};

use super::actor::{Actor, MailboxOwner, Member, Who};
use super::permission::Permission;

/// Inside one tenant.
#[derive(Debug, Clone)]
pub struct TenantScope {
    db: Db,
    /// Who asks.
    pub who: Who,
    /// The person.
    pub actor: Actor,
    /// The membership through which the person is here.
    pub member: Member,
}

impl TenantScope {
    /// Only the guard makes one for a request; tests and the demo make their own.
    pub fn new(db: Db, who: Who, actor: Actor, member: Member) -> Self {
        Self {
            db,
            who,
            actor,
            member,
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> TenantId {
        self.member.tenant
    }

    /// Opens a transaction that sees this tenant only, and of it for a guest their server only.
    pub async fn begin(&self) -> Result<TenantTx, Error> {
        self.begin_with(Plans::Fitted).await
    }

    /// The same, with a say in how its statements are planned.
    pub async fn begin_with(&self, plans: Plans) -> Result<TenantTx, Error> {
        let (tenant, user) = (self.member.tenant, self.actor.user);
        match self.member.pass() {
            None => self.db.tenant_with(tenant, user, plans).await,
            Some(pass) => self.db.guest_with((tenant, pass.server), user, plans).await,
        }
    }

    /// The server that the scope is bound to, if somebody is here as its guest.
    pub fn guest_of(&self) -> Option<ServerId> {
        self.member.pass().map(|pass| pass.server)
    }

    /// Whether the person may also do this, to show or hide its button.
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.may_in(&self.member, permission)
            && !(permission.writes() && self.member.suspended.is_some())
    }
}

/// Among the provider's staff.
#[derive(Debug, Clone)]
pub struct StaffScope {
    db: Db,
    /// Who asks.
    pub who: Who,
    /// The person.
    pub actor: Actor,
}

impl StaffScope {
    /// Only the guard makes one for a request.
    pub fn new(db: Db, who: Who, actor: Actor) -> Self {
        Self { db, who, actor }
    }

    /// Opens a transaction that sees all tenants.
    pub async fn begin(&self) -> Result<StaffTx, Error> {
        self.begin_with(Plans::Fitted).await
    }

    /// The same, with a say in how its statements are planned.
    pub async fn begin_with(&self, plans: Plans) -> Result<StaffTx, Error> {
        self.db.staff_with(self.actor.user, plans).await
    }

    /// Whether the person may also do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.actor.may_as_staff(permission)
    }
}

/// A signed-in person and nothing but what is their own.
#[derive(Debug, Clone)]
pub struct UserScope {
    db: Db,
    /// Who asks.
    pub who: Who,
    /// The person.
    pub actor: Actor,
}

impl UserScope {
    /// Only the guard makes one for a request.
    pub fn new(db: Db, who: Who, actor: Actor) -> Self {
        Self { db, who, actor }
    }

    /// Opens a transaction that sees this person's own rows only.
    pub async fn begin(&self) -> Result<UserTx, Error> {
        self.db.user(self.actor.user).await
    }
}

/// The person of one mailbox, and nothing but that mailbox.
#[derive(Debug, Clone)]
pub struct MailboxScope {
    db: Db,
    /// Who asks.
    pub who: Who,
    /// The mailbox.
    pub owner: MailboxOwner,
}

impl MailboxScope {
    /// Only the guard makes one for a request; tests make their own.
    pub fn new(db: Db, who: Who, owner: MailboxOwner) -> Self {
        Self { db, who, owner }
    }

    /// The mailbox.
    pub fn mailbox(&self) -> MailboxId {
        self.owner.mailbox
    }

    /// The tenant that it is of.
    pub fn tenant(&self) -> TenantId {
        self.owner.tenant
    }

    /// Opens a transaction that sees this mailbox only.
    pub async fn begin(&self) -> Result<MailboxTx, Error> {
        self.db.mailbox(self.owner.tenant, self.owner.mailbox).await
    }

    /// Opens a transaction that sees the whole tenant. For questions whose answer is yes or a refusal, such as whether addresses
    /// lead in a circle: nothing that it finds is shown, and nothing is written in it.
    pub async fn begin_in_tenant(&self) -> Result<TenantTx, Error> {
        self.db.whole_tenant(self.owner.tenant).await
    }
}

/// A part of the system: a job, a reconciler, a command. No request can become one.
#[derive(Debug, Clone)]
pub struct SystemScope {
    db: Db,
    /// Which part.
    pub who: Who,
}

impl SystemScope {
    /// The part called `label`.
    pub fn new(db: Db, label: &str) -> Self {
        Self {
            db,
            who: Who::system(label),
        }
    }

    /// Opens a transaction that sees everything.
    pub async fn begin(&self) -> Result<SystemTx, Error> {
        self.db.system().await
    }
}

/// Whoever calls a public route; the actor if a valid session or token came along.
#[derive(Debug, Clone, Default)]
pub struct Visitor {
    /// The person, if known.
    pub actor: Option<Actor>,
    /// Where the request came from.
    pub ip: String,
    /// Which request it is.
    pub request_id: String,
}

macro_rules! from_extension {
    ($($scope:ty),*) => {$(
        impl<S: Sync> FromRequestParts<S> for $scope {
            type Rejection = Error;
            async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
                parts.extensions.get::<Self>().cloned().ok_or_else(|| {
                    Error::internal(concat!("the route's rule does not give a ", stringify!($scope)))
                })
            }
        }
    )*};
}

from_extension!(TenantScope, StaffScope, UserScope, MailboxScope);

impl<S: Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;
    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.extensions.get::<Self>().cloned().unwrap_or_default())
    }
}
