//! Roles and migrations. Needs an administrator's connection; the panel itself never has one while it serves.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection as _, PgConnection};

use super::Db;

static MIGRATIONS: Migrator = sqlx::migrate!();

/// Why the database could not be prepared.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// It did not answer, or refused a statement.
    #[error("the database refused")]
    Database(#[from] sqlx::Error),
    /// A migration failed.
    #[error("a migration failed")]
    Migration(#[from] MigrateError),
    /// The queue's own tables could not be made.
    #[error("the job queue's tables could not be made: {0}")]
    Queue(String),
}

/// Creates the roles, as far as they are missing.
#[expect(
    clippy::disallowed_methods,
    reason = "set-up text is a file of ours, sent once, not a query of a feature"
)]
pub async fn make_roles(admin_url: &str) -> Result<(), SetupError> {
    let mut conn = PgConnection::connect(admin_url).await?;
    sqlx::raw_sql(include_str!("roles.sql"))
        .execute(&mut conn)
        .await?;
    Ok(conn.close().await?)
}

/// Gives the role that the mail service reads the database with its password. The roles are there.
pub async fn let_mail_read(admin_url: &str, password: &str) -> Result<(), SetupError> {
    give_password(admin_url, "mail_reader", password).await
}

/// Gives one of our roles a password. `role` is a word of ours.
#[expect(
    clippy::disallowed_methods,
    reason = "no statement that takes values changes roles; both are quoted by the database"
)]
async fn give_password(admin_url: &str, role: &str, password: &str) -> Result<(), SetupError> {
    let mut conn = PgConnection::connect(admin_url).await?;
    let statement = sqlx::query_scalar!(
        r#"select format('alter role %I password %L', rolname, $2::text) as "statement!" from pg_roles where rolname = $1::text"#,
        role,
        password
    );
    if let Some(statement) = statement.fetch_optional(&mut conn).await? {
        sqlx::raw_sql(sqlx::AssertSqlSafe(statement))
            .execute(&mut conn)
            .await?;
    }
    Ok(conn.close().await?)
}

/// Creates the roles, runs all migrations, and gives the login role `password` if there is one. Idempotent.
pub async fn prepare(admin_url: &str, password: Option<&str>) -> Result<(), SetupError> {
    make_roles(admin_url).await?;
    if let Some(password) = password {
        give_password(admin_url, "berth", password).await?;
    }
    let options: PgConnectOptions = admin_url.parse()?;
    let options = options.options([("role", "berth_owner")]);
    let owner = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await?;
    MIGRATIONS.run(&owner).await?;
    owner.close().await;
    crate::platform::jobs::prepare(admin_url).await
}

/// Whether all migrations that this binary knows have run.
pub async fn is_current(db: &Db) -> Result<bool, sqlx::Error> {
    let applied = sqlx::query_scalar!("select schema_version()")
        .fetch_one(&db.pool)
        .await?;
    Ok(applied >= Some(newest_migration()))
}

/// The newest migration that this binary knows.
pub fn newest_migration() -> i64 {
    let versions = MIGRATIONS.iter().map(|migration| migration.version);
    versions.max().unwrap_or_default()
}

/// Tells one set of migrations and roles from another: their checksums in one number.
#[cfg(feature = "testing")]
pub fn fingerprint() -> String {
    use sha2::{Digest as _, Sha256};
    let roles = include_str!("roles.sql").as_bytes();
    let sums = MIGRATIONS
        .iter()
        .flat_map(|migration| migration.checksum.iter().copied());
    let hash = Sha256::digest(sums.chain(roles.iter().copied()).collect::<Vec<u8>>());
    crate::platform::hex::hex(&hash[..6])
}
