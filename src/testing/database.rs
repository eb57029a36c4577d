//! A database per test, cloned from a template that is migrated once per set of migrations.

use std::str::FromStr as _;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, Connection as _, PgConnection};

use crate::platform::db;
use crate::platform::secret::random_text;

const PASSWORD: &str = "berth-test";
/// Any number that nobody else locks.
const LOCK: i64 = 4_212_750_002;

/// Dropped with the test.
pub(super) struct TestDatabase {
    admin: PgConnectOptions,
    name: String,
}

impl TestDatabase {
    /// A migrated database without rows of ours.
    pub(super) async fn create() -> Self {
        let admin = admin();
        let mut conn = admin
            .connect()
            .await
            .expect("the test cluster answers: see BERTH_TEST_DATABASE_URL");
        let template = template(&admin, &mut conn).await;
        let name = format!("t_{}", random_text(12).to_lowercase());
        run(
            &mut conn,
            format!("create database {name} template {template} strategy file_copy"),
        )
        .await;
        conn.close()
            .await
            .expect("closing the administrator's connection");
        Self { admin, name }
    }

    /// Its address for the panel.
    pub(super) fn url(&self) -> String {
        let options = self
            .admin
            .clone()
            .database(&self.name)
            .username("berth")
            .password(PASSWORD);
        options.to_url_lossy().to_string()
    }

    /// Its address for an administrator.
    pub(super) fn admin_url(&self) -> String {
        let options = self.admin.clone().database(&self.name);
        options.to_url_lossy().to_string()
    }

    /// Runs a statement in it as the cluster's administrator.
    pub(super) async fn administer(&self, statement: &str) {
        let options = self.admin.clone().database(&self.name);
        let mut conn = options
            .connect()
            .await
            .expect("the test cluster answers: see BERTH_TEST_DATABASE_URL");
        run(&mut conn, statement.to_owned()).await;
        conn.close()
            .await
            .expect("closing the administrator's connection");
    }
}

impl Drop for TestDatabase {
    fn drop(&mut self) {
        let (admin, name) = (self.admin.clone(), self.name.clone());
        // The test's own runtime is ending; this needs one of its own.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .expect("a runtime");
            runtime.block_on(async {
                if let Ok(mut conn) = admin.connect().await {
                    run(&mut conn, format!("drop database if exists {name} with (force)")).await;
                }
            });
        });
        let _ = dropped.join();
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "where the test cluster is, is no setting of the product"
)]
fn admin() -> PgConnectOptions {
    let url = std::env::var("BERTH_TEST_DATABASE_URL");
    let url = url.expect("set BERTH_TEST_DATABASE_URL, or run the tests by `make test`");
    PgConnectOptions::from_str(&url)
        .expect("BERTH_TEST_DATABASE_URL")
        .disable_statement_logging()
}

/// The template of this binary's migrations; made by whoever comes first.
async fn template(admin: &PgConnectOptions, conn: &mut PgConnection) -> String {
    let name = format!("berth_template_{}", db::fingerprint());
    run(conn, format!("select pg_advisory_lock({LOCK})")).await;
    let exists = sqlx::query_scalar!("select 1 from pg_database where datname = $1", name)
        .fetch_optional(&mut *conn)
        .await
        .expect("reading pg_database");
    if exists.is_none() {
        let building = format!("{name}_building");
        run(conn, format!("drop database if exists {building} with (force)")).await;
        run(conn, format!("create database {building}")).await;
        let url = admin.clone().database(&building).to_url_lossy().to_string();
        db::prepare(&url, Some(PASSWORD))
            .await
            .expect("migrating the template");
        run(conn, format!("alter database {building} rename to {name}")).await;
    }
    run(conn, format!("select pg_advisory_unlock({LOCK})")).await;
    name
}

#[expect(
    clippy::disallowed_methods,
    reason = "databases are made with text; the names are ours"
)]
async fn run(conn: &mut PgConnection, statement: String) {
    sqlx::raw_sql(AssertSqlSafe(statement.clone()))
        .execute(conn)
        .await
        .expect(&statement);
}
