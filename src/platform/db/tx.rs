//! Transactions that carry a scope. `BEGIN` and the scope travel in one round trip; both end with the transaction.

use std::sync::{Arc, Mutex, PoisonError};

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, PgConnection, Postgres, SqlSafeStr as _, Transaction};

use crate::platform::error::{Cause, Error};
use crate::platform::ids::{MailboxId, ServerId, TenantId, UserId};

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
    /// Sees one tenant, or one server of it.
    TenantTx;
    /// Sees one person's own rows.
    UserTx;
    /// Sees one mailbox.
    MailboxTx;
    /// Sees all tenants.
    StaffTx;
    /// Sees everything.
    SystemTx;
}

/// A connection outside of any transaction, as the login role: it sees no table and may call the functions that were
/// granted to it. One question costs one round trip, where a transaction would cost three.
#[derive(Debug)]
pub struct LoginConn {
    conn: PoolConnection<Postgres>,
    kept: Kept,
}

impl LoginConn {
    /// Leaves the connection to the request's transaction, if it is a request's (see [`Db::for_request`]). Without it the
    /// connection goes back to the pool.
    pub fn keep(self) {
        self.kept.put(self.conn);
    }
}

impl Scoped for LoginConn {
    fn conn(&mut self) -> &mut PgConnection {
        &mut self.conn
    }
}

/// The connection on which a request asked who it comes from, for its transaction.
#[derive(Debug, Clone, Default)]
pub(super) struct Kept(Option<Arc<Mutex<Option<PoolConnection<Postgres>>>>>);

impl Kept {
    pub(super) fn of_a_request() -> Self {
        Self(Some(Arc::default()))
    }

    fn put(&self, conn: PoolConnection<Postgres>) {
        if let Some(place) = &self.0 {
            *place.lock().unwrap_or_else(PoisonError::into_inner) = Some(conn);
        }
    }

    pub(super) fn take(&self) -> Option<PoolConnection<Postgres>> {
        let place = self.0.as_ref()?;
        place.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

/// How PostgreSQL plans the statements of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Plans {
    /// For the values at hand, where that seems to pay. Right for statements with optional conditions, which an index
    /// should serve when they are given.
    Fitted,
    /// Once for a connection, whatever the values. Planning a list takes several times as long as reading it, so lists
    /// that many look at keep their plans; their statements must be good for all values. Whoever plans without values takes
    /// each condition for one that leaves little, and would rather sort all that a tenant has than walk along the index
    /// that has the order already and stop after a page, so sorting is the last resort here.
    Kept,
}

/// Who and what a transaction is bound to.
struct Bounds {
    role: &'static str,
    tenant: Option<TenantId>,
    server: Option<ServerId>,
    mailbox: Option<MailboxId>,
    user: Option<UserId>,
    plans: Plans,
}

impl Bounds {
    fn role(role: &'static str) -> Self {
        Self {
            role,
            tenant: None,
            server: None,
            mailbox: None,
            user: None,
            plans: Plans::Fitted,
        }
    }

    /// The text holds a fixed role and at most three UUIDs, so nothing in it can be injected; as one simple query it saves
    /// the round trip of a `BEGIN` of its own. `SET LOCAL` needs no plan, which halves what it costs against `set_config`.
    fn statement(&self) -> String {
        let text = |id: Option<uuid::Uuid>| id.map(|id| id.to_string()).unwrap_or_default();
        let plans = match self.plans {
            Plans::Fitted => "",
            Plans::Kept => "; set local plan_cache_mode = force_generic_plan; set local enable_sort = off",
        };
        // Only a guest's role asks for the server, and a mailbox person's for the mailbox, so only their transactions say them.
        let server = self.server.map_or_else(String::new, |id| {
            format!("; set local berth.server_id = '{}'", id.0)
        });
        let mailbox = self.mailbox.map_or_else(String::new, |id| {
            format!("; set local berth.mailbox_id = '{}'", id.0)
        });
        format!(
            "begin; set local role {}; set local berth.tenant_id = '{}'; set local berth.user_id = '{}'{server}{mailbox}{plans}",
            self.role,
            text(self.tenant.map(|id| id.0)),
            text(self.user.map(|id| id.0)),
        )
    }
}

impl Db {
    /// Opens a transaction for a person or token inside a tenant.
    pub async fn tenant(&self, tenant: TenantId, user: UserId) -> Result<TenantTx, Error> {
        self.tenant_with(tenant, user, Plans::Fitted).await
    }

    /// The same, with a say in how its statements are planned.
    pub async fn tenant_with(&self, tenant: TenantId, user: UserId, plans: Plans) -> Result<TenantTx, Error> {
        let bounds = Bounds {
            tenant: Some(tenant),
            user: Some(user),
            plans,
            ..Bounds::role("berth_web")
        };
        self.begin(&bounds).await.map(TenantTx)
    }

    /// Opens a transaction for somebody whom one server of a tenant is shared with. It sees nothing else of the tenant, and
    /// nothing at all once the server is not shared with them any more.
    pub async fn guest_with(
        &self,
        (tenant, server): (TenantId, ServerId),
        user: UserId,
        plans: Plans,
    ) -> Result<TenantTx, Error> {
        let bounds = Bounds {
            tenant: Some(tenant),
            server: Some(server),
            user: Some(user),
            plans,
            ..Bounds::role("berth_guest")
        };
        self.begin(&bounds).await.map(TenantTx)
    }

    /// Opens a transaction for the person of a mailbox. It sees that mailbox and what hangs on it, and nothing at all once its
    /// person may not sign in any more.
    pub async fn mailbox(&self, tenant: TenantId, mailbox: MailboxId) -> Result<MailboxTx, Error> {
        let bounds = Bounds {
            tenant: Some(tenant),
            mailbox: Some(mailbox),
            ..Bounds::role("berth_mailbox")
        };
        self.begin(&bounds).await.map(MailboxTx)
    }

    /// Opens a transaction that sees all of a tenant, for nobody in particular: to find out whether what the person of a mailbox
    /// asks for goes together with what others have.
    pub async fn whole_tenant(&self, tenant: TenantId) -> Result<TenantTx, Error> {
        let bounds = Bounds {
            tenant: Some(tenant),
            ..Bounds::role("berth_web")
        };
        self.begin(&bounds).await.map(TenantTx)
    }

    /// Opens a transaction for a person's own rows.
    pub async fn user(&self, user: UserId) -> Result<UserTx, Error> {
        let bounds = Bounds {
            user: Some(user),
            ..Bounds::role("berth_web")
        };
        self.begin(&bounds).await.map(UserTx)
    }

    /// Opens a transaction for one of the staff.
    pub async fn staff(&self, user: UserId) -> Result<StaffTx, Error> {
        self.staff_with(user, Plans::Fitted).await
    }

    /// The same, with a say in how its statements are planned.
    pub async fn staff_with(&self, user: UserId, plans: Plans) -> Result<StaffTx, Error> {
        let bounds = Bounds {
            user: Some(user),
            plans,
            ..Bounds::role("berth_staff")
        };
        self.begin(&bounds).await.map(StaffTx)
    }

    /// Opens a transaction for a part of the system.
    pub async fn system(&self) -> Result<SystemTx, Error> {
        self.begin(&Bounds::role("berth_system")).await.map(SystemTx)
    }

    /// A connection for one question to a function that the login role may call.
    pub async fn login(&self) -> Result<LoginConn, Error> {
        Ok(LoginConn {
            conn: self.pool.acquire().await?,
            kept: self.kept.clone(),
        })
    }

    async fn begin(&self, bounds: &Bounds) -> Result<Transaction<'static, Postgres>, Error> {
        let conn = match self.kept.take() {
            Some(conn) => conn,
            None => self.pool.acquire().await?,
        };
        match begin_on(conn, bounds.statement()).await {
            // A connection that died in the pool: the next one is new or is also tried once.
            Err(error) if super::is_unavailable(&error) => {
                Ok(begin_on(self.pool.acquire().await?, bounds.statement()).await?)
            }
            outcome => Ok(outcome?),
        }
    }
}

/// In a task of its own, which is not cut off with the request that waits for it: sqlx (0.9.0) counts a transaction only
/// when the answer to its `BEGIN` has come, and would put the connection back into the pool inside of one.
#[expect(clippy::disallowed_methods, reason = "it ends with its one statement")]
async fn begin_on(
    conn: PoolConnection<Postgres>,
    statement: String,
) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
    let begin = Transaction::begin(conn, Some(AssertSqlSafe(statement).into_sql_str()));
    tokio::spawn(begin)
        .await
        .map_err(|_| sqlx::Error::WorkerCrashed)?
}

/// Whether to ask again, once: the connection may have died in the pool, which shows only when it is used. That the pool
/// has none to give is no reason.
pub fn may_ask_again(error: &Error) -> bool {
    matches!(error, Error::Unavailable(cause) if !is_pool_timeout(cause))
}

fn is_pool_timeout(cause: &Cause) -> bool {
    matches!(cause.downcast_ref(), Some(sqlx::Error::PoolTimedOut))
}
