//! Who works at a mailbox: somebody of its tenant, or its own person. Both do the same by the same code, each in a transaction
//! of their own kind.

use axum::extract::{FromRequestParts, RawPathParams};
use axum::http::request::Parts;
use sqlx::PgConnection;

use crate::mail::nav;
use crate::platform::access::{MailboxScope, Permission, TenantScope, Who};
use crate::platform::db::{MailboxTx, Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{MailboxId, TenantId};

/// Who works, and at which mailbox.
#[derive(Debug, Clone)]
pub(in crate::mail) enum Desk {
    /// Somebody of the tenant, at this mailbox of it.
    Tenant(Box<TenantScope>, MailboxId),
    /// Its own person.
    Own(Box<MailboxScope>),
}

/// A transaction of either kind.
#[derive(Debug)]
pub(in crate::mail) enum DeskTx {
    /// It sees the tenant.
    Tenant(TenantTx),
    /// It sees the mailbox.
    Own(MailboxTx),
}

impl DeskTx {
    /// Makes the changes last.
    pub(in crate::mail) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Tenant(tx) => tx.commit().await,
            Self::Own(tx) => tx.commit().await,
        }
    }
}

impl Scoped for DeskTx {
    fn conn(&mut self) -> &mut PgConnection {
        match self {
            Self::Tenant(tx) => tx.conn(),
            Self::Own(tx) => tx.conn(),
        }
    }
}

impl Desk {
    /// Somebody of the tenant, at a mailbox that may not be there.
    pub(in crate::mail) fn of_tenant(scope: TenantScope, mailbox: MailboxId) -> Self {
        Self::Tenant(Box::new(scope), mailbox)
    }

    /// The mailbox.
    pub(in crate::mail) fn mailbox(&self) -> MailboxId {
        match self {
            Self::Tenant(_, mailbox) => *mailbox,
            Self::Own(scope) => scope.mailbox(),
        }
    }

    /// Its tenant.
    pub(in crate::mail) fn tenant(&self) -> TenantId {
        match self {
            Self::Tenant(scope, _) => scope.tenant(),
            Self::Own(scope) => scope.tenant(),
        }
    }

    /// Who it is in the audit log.
    pub(in crate::mail) fn who(&self) -> &Who {
        match self {
            Self::Tenant(scope, _) => &scope.who,
            Self::Own(scope) => &scope.who,
        }
    }

    /// Whether they may change something.
    pub(in crate::mail) fn may_write(&self) -> bool {
        match self {
            Self::Tenant(scope, _) => scope.may(Permission::MailWrite),
            Self::Own(scope) => scope.owner.suspended.is_none(),
        }
    }

    /// Where the mailbox's pages are.
    pub(in crate::mail) fn base(&self) -> String {
        match self {
            Self::Tenant(scope, mailbox) => nav::mailbox(scope, *mailbox),
            Self::Own(_) => "/mailbox".to_owned(),
        }
    }

    /// Opens a transaction.
    pub(in crate::mail) async fn begin(&self) -> Result<DeskTx, Error> {
        match self {
            Self::Tenant(scope, _) => scope.begin().await.map(DeskTx::Tenant),
            Self::Own(scope) => scope.begin().await.map(DeskTx::Own),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Desk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        if parts.extensions.get::<MailboxScope>().is_some() {
            let scope = MailboxScope::from_request_parts(parts, state).await?;
            return Ok(Self::Own(Box::new(scope)));
        }
        let scope = TenantScope::from_request_parts(parts, state).await?;
        let params = RawPathParams::from_request_parts(parts, state).await;
        let params = params.map_err(|_| Error::NotFound)?;
        let mailbox = params.iter().find(|(name, _)| *name == "mailbox");
        let mailbox: Option<MailboxId> = mailbox.and_then(|(_, id)| id.parse().ok());
        Ok(Self::of_tenant(scope, mailbox.ok_or(Error::NotFound)?))
    }
}
