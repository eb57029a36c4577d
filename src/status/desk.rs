//! Who works at a status page: somebody of a tenant, at the tenant's, or one of the staff, at the provider's. Both do the same by the
//! same code, each in a transaction of their own kind. Staff see those of tenants, too, and change nothing of them.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use sqlx::PgConnection;

use crate::platform::access::{Permission, StaffScope, TenantScope, Who};
use crate::platform::db::{Scoped, StaffTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{StatusPageId, TenantId};

/// Who works.
#[derive(Debug, Clone)]
pub(super) enum Desk {
    /// Somebody of a tenant.
    Tenant(Box<TenantScope>),
    /// One of the staff.
    Staff(Box<StaffScope>),
}

/// A transaction of either kind.
#[derive(Debug)]
pub(super) enum DeskTx {
    /// It sees the tenant.
    Tenant(TenantTx),
    /// It sees all tenants.
    Staff(StaffTx),
}

impl DeskTx {
    /// Makes the changes last.
    pub(super) async fn commit(self) -> Result<(), Error> {
        match self {
            Self::Tenant(tx) => tx.commit().await,
            Self::Staff(tx) => tx.commit().await,
        }
    }
}

impl Scoped for DeskTx {
    fn conn(&mut self) -> &mut PgConnection {
        match self {
            Self::Tenant(tx) => tx.conn(),
            Self::Staff(tx) => tx.conn(),
        }
    }
}

impl From<TenantScope> for Desk {
    fn from(scope: TenantScope) -> Self {
        Self::Tenant(Box::new(scope))
    }
}

impl From<StaffScope> for Desk {
    fn from(scope: StaffScope) -> Self {
        Self::Staff(Box::new(scope))
    }
}

impl Desk {
    /// Whose pages they change; the provider's if nobody's.
    pub(super) fn tenant(&self) -> Option<TenantId> {
        match self {
            Self::Tenant(scope) => Some(scope.tenant()),
            Self::Staff(_) => None,
        }
    }

    /// Whether those are the provider's.
    pub(super) fn is_provider(&self) -> bool {
        matches!(self, Self::Staff(_))
    }

    /// Who it is in the audit log.
    pub(super) fn who(&self) -> &Who {
        match self {
            Self::Tenant(scope) => &scope.who,
            Self::Staff(scope) => &scope.who,
        }
    }

    /// Whether they may change something.
    pub(super) fn may_write(&self) -> bool {
        match self {
            Self::Tenant(scope) => scope.may(Permission::StatusWrite),
            Self::Staff(scope) => scope.may(Permission::StaffStatusManage),
        }
    }

    /// Where a page is: a tenant has one.
    pub(super) fn href(&self, page: StatusPageId) -> String {
        match self {
            Self::Tenant(scope) => format!("/t/{}/status-page", scope.member.slug),
            Self::Staff(_) => format!("/staff/status-pages/{page}"),
        }
    }

    /// Where one is after the last was deleted, and where new ones are made.
    pub(super) fn home(&self) -> String {
        match self {
            Self::Tenant(scope) => format!("/t/{}/status-page", scope.member.slug),
            Self::Staff(_) => "/staff/status-pages".to_owned(),
        }
    }

    /// Opens a transaction.
    pub(super) async fn begin(&self) -> Result<DeskTx, Error> {
        match self {
            Self::Tenant(scope) => scope.begin().await.map(DeskTx::Tenant),
            Self::Staff(scope) => scope.begin().await.map(DeskTx::Staff),
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Desk {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Error> {
        if parts.extensions.get::<StaffScope>().is_some() {
            return StaffScope::from_request_parts(parts, state).await.map(Self::from);
        }
        TenantScope::from_request_parts(parts, state)
            .await
            .map(Self::from)
    }
}
