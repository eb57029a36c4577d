//! Transactions that carry a scope. `BEGIN` and the scope travel in one round trip; both end with the transaction.

use sqlx::{AssertSqlSafe, PgConnection, Postgres, Transaction};

use crate::platform::error::Error;
use crate::platform::ids::{TenantId, UserId};

use super::{Db, once};

/// An open transaction of any scope, for queries that serve several.
pub trait Scoped: Send {
    /// The connection, bound by the scope's role and settings.
    fn conn(&mut self) -> &mut PgConnection;
}

macro_rules! transactions {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Debug)]
        pub struct $name(Transaction<'static, Postgres>);

        impl $name {
            /// Makes the changes last. Without it they are undone.
            pub async fn commit(mut self) -> Result<(), Error> {
                once::note(&mut self.0).await?;
                self.0.commit().await.map_err(Error::from)
            }
        }

        impl Scoped for $name {
            fn conn(&mut self) -> &mut PgConnection {
                &mut self.0
            }
        }
    )*};
}

transactions! {
    /// Sees one tenant.
    TenantTx;
    /// Sees one person's own rows.
    UserTx;
    /// Sees all tenants.
    StaffTx;
    /// Sees everything.
    SystemTx;
}

impl Db {
    /// Opens a transaction for a person or token inside a tenant.
    pub async fn tenant(&self, tenant: TenantId, user: UserId) -> Result<TenantTx, Error> {
        self.begin("berth_web", Some(tenant), Some(user))
            .await
            .map(TenantTx)
    }

    /// Opens a transaction for a person's own rows.
    pub async fn user(&self, user: UserId) -> Result<UserTx, Error> {
        self.begin("berth_web", None, Some(user)).await.map(UserTx)
    }

    /// Opens a transaction for one of the staff.
    pub async fn staff(&self, user: UserId) -> Result<StaffTx, Error> {
        self.begin("berth_staff", None, Some(user)).await.map(StaffTx)
    }

    /// Opens a transaction for a part of the system.
    pub async fn system(&self) -> Result<SystemTx, Error> {
        self.begin("berth_system", None, None).await.map(SystemTx)
    }

    /// The text holds a fixed role and at most two UUIDs, so nothing in it can be injected; as one simple query it saves
    /// the round trip of a `BEGIN` of its own.
    async fn begin(
        &self,
        role: &'static str,
        tenant: Option<TenantId>,
        user: Option<UserId>,
    ) -> Result<Transaction<'static, Postgres>, Error> {
        let text = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let statement = format!(
            "begin; select set_config('role', '{role}', true), set_config('berth.tenant_id', '{}', true), \
             set_config('berth.user_id', '{}', true)",
            text(tenant.map(|id| id.0)),
            text(user.map(|id| id.0)),
        );
        match self.pool.begin_with(AssertSqlSafe(statement.clone())).await {
            Ok(tx) => Ok(tx),
            // A connection that died in the pool: the next one is new or is also tried once.
            Err(error) if super::is_unavailable(&error) && !matches!(error, sqlx::Error::PoolTimedOut) => {
                Ok(self.pool.begin_with(AssertSqlSafe(statement)).await?)
            }
            Err(error) => Err(error.into()),
        }
    }
}
