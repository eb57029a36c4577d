//! PostgreSQL: the pool, the transactions that carry a scope, roles and migrations, and a private cluster.
//!
//! The pool is not visible outside this module: whoever wants data opens a transaction for a tenant, for staff, for a
//! person or for the system, and row-level security does the rest.

mod dump;
mod embedded;
mod installation;
mod once;
mod setup;
mod tx;

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgListener, PgPool, PgPoolOptions};

pub use dump::{Contents, DumpError, contents, dump, read_dump, without_password};
pub use embedded::{EmbeddedError, EmbeddedPostgres};
pub use installation::installation;
pub use once::Once;
#[cfg(feature = "testing")]
pub use setup::fingerprint;
pub use setup::{SetupError, is_current, let_mail_read, make_roles, newest_migration, prepare};
pub use tx::{LoginConn, MailboxTx, Plans, Scoped, StaffTx, SystemTx, TenantTx, UserTx, may_ask_again};

/// How long a request may wait for a connection before it is told 503.
const ACQUIRE_TIMEOUT: Duration = Duration::from_secs(5);
/// No statement of a request or job may run longer.
const STATEMENT_TIMEOUT_MS: &str = "30000";

/// The database.
#[derive(Debug, Clone)]
pub struct Db {
    pool: PgPool,
    kept: tx::Kept,
}

impl Db {
    /// Connects as the login role of `url`. Does not wait for the database: the first use tells.
    pub fn connect(url: &str, max_connections: u32) -> Result<Self, sqlx::Error> {
        let options: PgConnectOptions = url.parse()?;
        let options = options.application_name("berth").options([
            ("statement_timeout", STATEMENT_TIMEOUT_MS),
            ("idle_in_transaction_session_timeout", STATEMENT_TIMEOUT_MS),
            // Compiling a plan takes longer than any of our statements, and a list that cannot avoid to sort where sorting is the
            // last resort (`Plans::Kept`) counts as so costly that PostgreSQL would compile it: 62 ms each time instead of 3.
            ("jit", "off"),
        ]);
        let pool = PgPoolOptions::new()
            .max_connections(max_connections)
            .acquire_timeout(ACQUIRE_TIMEOUT)
            // A broken connection shows at BEGIN, where it costs a retry and no round trip more.
            .test_before_acquire(false)
            .connect_lazy_with(options);
        Ok(Self {
            pool,
            kept: tx::Kept::default(),
        })
    }

    /// The same database for one request, which finds out who asks and then opens a transaction: on the same connection,
    /// as long as [`release`](Self::release) was not called. Taking a connection and giving it back costs a round trip.
    #[must_use]
    pub fn for_request(&self) -> Self {
        Self {
            pool: self.pool.clone(),
            kept: tx::Kept::of_a_request(),
        }
    }

    /// Gives back what the request did not need.
    pub fn release(&self) {
        drop(self.kept.take());
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), sqlx::Error> {
        sqlx::query_scalar!(r#"select 1 as "one!""#)
            .fetch_one(&self.pool)
            .await
            .map(drop)
    }

    /// The database's clock.
    pub async fn now(&self) -> Result<chrono::DateTime<chrono::Utc>, sqlx::Error> {
        sqlx::query_scalar!(r#"select clock_timestamp() as "now!""#)
            .fetch_one(&self.pool)
            .await
    }

    /// A connection that hears notifications.
    pub async fn listener(&self) -> Result<PgListener, sqlx::Error> {
        PgListener::connect_with(&self.pool).await
    }

    /// Waits until every connection is closed.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Whether the error says that the database can't be reached now, so that trying later makes sense.
///
/// Codes: PostgreSQL 15, appendix A: class 08 connection, 53300 too many connections, 57P01 to 57P03 shutting down or
/// starting, 57014 cancelled by `statement_timeout`, 25P03 by `idle_in_transaction_session_timeout`; class 28 and 3D000 while roles and database are still being made.
pub fn is_unavailable(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::BeginFailed
        | sqlx::Error::Protocol(_) => true,
        sqlx::Error::Database(inner) => inner.code().is_some_and(|code| {
            code.starts_with("08")
                || code.starts_with("28")
                || matches!(
                    &*code,
                    "25P03" | "3D000" | "53300" | "57P01" | "57P02" | "57P03" | "57014"
                )
        }),
        _ => false,
    }
}

/// Whether the error is the violation of the named unique or check constraint.
pub fn violates(error: &sqlx::Error, constraint: &str) -> bool {
    error.as_database_error().and_then(|inner| inner.constraint()) == Some(constraint)
}
