//! Who is behind a request, and the port through which `accounts` tells the guard.

use chrono::{DateTime, Utc};

use crate::platform::db::Db;
use crate::platform::error::Error;
use crate::platform::ids::{BreakGlassId, MailboxId, ServerId, SessionId, TenantId, TokenId, UserId};

use super::permission::{Permission, Side};
use super::policy::{StaffRole, TenantRole, guest_may, staff_may, tenant_may};

/// What one server is opened with for somebody outside of its tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pass {
    /// The server, and no other.
    pub server: ServerId,
    /// What they may do with it.
    pub permissions: Vec<Permission>,
}

/// As what a person is in a tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// As one of its members.
    Member(TenantRole),
    /// As somebody whom one of its servers is shared with.
    Guest(Pass),
}

/// One of a person's memberships or passes, with what the guard needs to know of the tenant.
#[derive(Debug, Clone)]
pub struct Member {
    /// The tenant.
    pub tenant: TenantId,
    /// Its name in addresses.
    pub slug: String,
    /// Its name.
    pub name: String,
    /// As what.
    pub standing: Standing,
    /// Why the tenant is suspended, if it is.
    pub suspended: Option<String>,
}

impl Member {
    /// The member's role; a guest has none.
    pub fn role(&self) -> Option<TenantRole> {
        match &self.standing {
            Standing::Member(role) => Some(*role),
            Standing::Guest(_) => None,
        }
    }

    /// A guest's pass.
    pub fn pass(&self) -> Option<&Pass> {
        match &self.standing {
            Standing::Member(_) => None,
            Standing::Guest(pass) => Some(pass),
        }
    }
}

/// A server that is shared with a person.
#[derive(Debug, Clone)]
pub struct Guest {
    /// The server's name.
    pub server_name: String,
    /// The server.
    pub server: ServerId,
    /// Their standing in its tenant, whose pass is for this server.
    pub member: Member,
}

/// That one of the staff may see what is a tenant's own now, because they broke the glass.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Glass {
    /// The grant.
    pub id: BreakGlassId,
    /// The tenant's name.
    pub tenant: String,
    /// Until when.
    pub until: DateTime<Utc>,
}

/// What proved who it is.
#[derive(Debug, Clone)]
pub enum Via {
    /// A browser's session.
    Session(SessionId),
    /// An API token with its scopes. A tenant's token acts in that tenant only; one without tenant is for staff.
    Token {
        /// The token.
        id: TokenId,
        /// Its tenant.
        tenant: Option<TenantId>,
        /// What it may be used for; empty means nothing.
        scopes: Vec<Permission>,
    },
}

/// A person or a person's token.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The person.
    pub user: UserId,
    /// The person's name.
    pub name: String,
    /// The person's address.
    pub email: String,
    /// The role among the provider's staff.
    pub staff: Option<StaffRole>,
    /// Where the person is a member; closed tenants are left out. For a token: its tenant only.
    pub memberships: Vec<Member>,
    /// What is shared with the person by tenants of which they are no member. For a guest's token: its server only.
    pub guests: Vec<Guest>,
    /// What of tenants one of the staff has open. Known of a browser's session only, whose pages tell it.
    pub glass: Vec<Glass>,
    /// What proved it.
    pub via: Via,
}

impl Actor {
    /// Whether the token, if it is one, covers `permission`.
    fn token_covers(&self, permission: Permission) -> bool {
        match &self.via {
            Via::Session(_) => true,
            Via::Token { scopes, .. } => scopes.contains(&permission),
        }
    }

    /// Whether the actor may do this with what is their own.
    pub fn may_as_themselves(&self, permission: Permission) -> bool {
        permission.side() == Side::Own && self.token_covers(permission)
    }

    /// Whether the actor may do this in the tenant that `member` tells of, suspension aside.
    pub fn may_in(&self, member: &Member, permission: Permission) -> bool {
        let holds = match &member.standing {
            Standing::Member(role) => tenant_may(*role, permission),
            Standing::Guest(pass) => guest_may(permission) && pass.permissions.contains(&permission),
        };
        holds && self.token_covers(permission)
    }

    /// Whether the actor may do this as staff.
    pub fn may_as_staff(&self, permission: Permission) -> bool {
        let is_tenant_token = matches!(&self.via, Via::Token { tenant: Some(_), .. });
        !is_tenant_token
            && self.staff.is_some_and(|role| staff_may(role, permission))
            && self.token_covers(permission)
    }
}

/// The person of a mailbox, who is no person of the panel: they have their mail here and nothing else.
#[derive(Debug, Clone)]
pub struct MailboxOwner {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The tenant that it is of.
    pub tenant: TenantId,
    /// Its address.
    pub address: String,
    /// The session.
    pub session: uuid::Uuid,
    /// Why the tenant is suspended, if it is.
    pub suspended: Option<String>,
}

/// Who is written into audit events and operations: an actor as seen from one request, or the system itself.
#[derive(Debug, Clone)]
pub struct Who {
    /// `user`, `token`, `mailbox` or `system`.
    pub kind: &'static str,
    /// The person.
    pub user: Option<UserId>,
    /// The person's token.
    pub token: Option<TokenId>,
    /// The person's address, or the name of the part of the system.
    pub label: String,
    /// Where the request came from.
    pub ip: Option<String>,
    /// Which request it was.
    pub request_id: Option<String>,
}

impl Who {
    /// A part of the system, such as `reconciler` or `berth demo`.
    pub fn system(label: &str) -> Self {
        Self {
            kind: "system",
            user: None,
            token: None,
            label: label.to_owned(),
            ip: None,
            request_id: None,
        }
    }

    /// The person of a mailbox, in a request from `ip`.
    pub fn mailbox(address: &str, ip: &str, request_id: &str) -> Self {
        Self {
            kind: "mailbox",
            user: None,
            token: None,
            label: address.to_owned(),
            ip: Some(ip.to_owned()),
            request_id: Some(request_id.to_owned()),
        }
    }

    /// An actor, in a request from `ip`.
    pub fn actor(actor: &Actor, ip: &str, request_id: &str) -> Self {
        let (kind, token) = match &actor.via {
            Via::Session(_) => ("user", None),
            Via::Token { id, .. } => ("token", Some(*id)),
        };
        Self {
            kind,
            user: Some(actor.user),
            token,
            label: actor.email.clone(),
            ip: Some(ip.to_owned()),
            request_id: Some(request_id.to_owned()),
        }
    }
}

/// Turns what a request carries into an actor, by asking the request's database. `accounts` implements it.
#[async_trait::async_trait]
pub trait Authenticate: Send + Sync {
    /// The owner of a session cookie; `None` if it is unknown, expired or its owner disabled.
    async fn session(&self, db: &Db, cookie: &str) -> Result<Option<Actor>, Error>;
    /// The owner of a bearer token; `None` likewise.
    async fn token(&self, db: &Db, bearer: &str) -> Result<Option<Actor>, Error>;
}

/// The same for people of mailboxes. `mail` implements it.
#[async_trait::async_trait]
pub trait AuthenticateMailbox: Send + Sync {
    /// The owner of a session cookie; `None` if it is unknown or expired, or the mailbox disabled or deleted.
    async fn session(&self, db: &Db, cookie: &str) -> Result<Option<MailboxOwner>, Error>;
}
