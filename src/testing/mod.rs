//! The whole panel in a test: real PostgreSQL with a database of its own, the real router, a clock that stands still, and
//! an engine in memory unless the test wants Docker.
//!
//! `BERTH_TEST_DATABASE_URL` is an administrator's address of a cluster for tests, as `berth database start --volatile`
//! prints it. Databases are cloned from a migrated template, so a test costs some tens of milliseconds.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    clippy::missing_panics_doc,
    reason = "a test that can't start fails"
)]

mod client;
mod database;
mod mailboxes;
mod seed;
mod store;
mod stream;

use std::sync::Arc;

use axum::Router;
use chrono::{DateTime, Utc};

use crate::app::{App, Parts};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::drivers::dns::fake::FakeDns;
use crate::drivers::engine::fake::FakeEngine;
use crate::drivers::engine::{Installation, InstanceKey};
use crate::drivers::inbox::fake::FakeInbox;
use crate::drivers::mail::fake::FakeMail;
use crate::drivers::mailer::fake::FakeMailer;
use crate::drivers::probe::fake::FakeProber;
use crate::platform::access::SystemScope;
use crate::platform::clock::{Clock, FixedClock};
use crate::platform::db::Db;
use crate::platform::events::Hub;
use crate::platform::ids::RandomIds;
use crate::platform::reconcile::Poke;
use crate::platform::secret::Keyring;
use crate::platform::shutdown::Tasks;
use crate::platform::web::health::Started;

pub use client::{Answer, Client};
use database::TestDatabase;
pub use stream::Listening;

/// Connections of one panel.
const CONNECTIONS: u32 = 6;

/// What stands in for the outside.
type Fakes<'a> = (
    &'a FakeEngine,
    (&'a FakeMailer, &'a FakeInbox),
    &'a FakeDns,
    &'a FakeMail,
    &'a FakeProber,
);

/// When tests happen: a Tuesday at noon.
pub fn noon() -> DateTime<Utc> {
    "2026-03-10T12:00:00Z".parse().unwrap()
}

/// A panel of its own.
pub struct TestApp {
    /// The app, for calling actions directly.
    pub app: App,
    /// The clock that it looks at.
    pub clock: Arc<FixedClock>,
    /// The engine that it uses.
    pub engine: FakeEngine,
    /// What it sends mail with, if the test's settings name a mail server.
    pub mailer: FakeMailer,
    /// The mailbox that mail for tickets comes to, if the test's settings name one.
    pub inbox: FakeInbox,
    /// The DNS that it asks.
    pub dns: FakeDns,
    /// What looks whether servers answer.
    pub prober: FakeProber,
    /// The mail service, if the test's settings name its container.
    pub mail: FakeMail,
    router: Router,
    database_url: String,
    // Dropped last: the database goes when nobody uses it any more.
    database: Option<TestDatabase>,
}

impl TestApp {
    /// A panel with an empty, migrated database.
    pub async fn start() -> Self {
        Self::with(|_| {}).await
    }

    /// A panel with other settings.
    pub async fn with(change: impl FnOnce(&mut Config)) -> Self {
        let database = TestDatabase::create().await;
        Self::build(database.url(), Some(database), change)
    }

    /// A panel over a prepared database that the test takes care of.
    pub fn over(database_url: &str, change: impl FnOnce(&mut Config)) -> Self {
        Self::build(database_url.to_owned(), None, change)
    }

    fn build(database_url: String, database: Option<TestDatabase>, change: impl FnOnce(&mut Config)) -> Self {
        let mut config = Self::config();
        change(&mut config);
        let clock = Arc::new(FixedClock::at(noon()));
        let instance = InstanceKey::new(&config.instance).expect("the instance's name");
        let engine = FakeEngine::new(instance);
        engine.add_image(&config.base_image);
        let mailer = FakeMailer::default();
        let (dns, mail) = (FakeDns::default(), FakeMail::default());
        let (prober, inbox) = (FakeProber::default(), FakeInbox::default());
        let fakes = (&engine, (&mailer, &inbox), &dns, &mail, &prober);
        let app = Self::parts(&database_url, config, &clock, fakes);
        app.started.set();
        let kit = crate::routes::kit(&app);
        let router = crate::routes::router(&app, &kit);
        Self {
            app,
            clock,
            engine,
            mailer,
            inbox,
            dns,
            prober,
            mail,
            router,
            database_url,
            database,
        }
    }

    fn config() -> Config {
        use clap::Parser as _;
        #[derive(clap::Parser)]
        struct Settings {
            #[command(flatten)]
            config: Config,
        }
        let folder = std::env::temp_dir().join(format!("berth-test-{}", std::process::id()));
        let mut config = Settings::parse_from(["berth"]).config;
        config.data_dir = folder;
        config.rate_per_minute = 1_000_000;
        config.database_connections = CONNECTIONS;
        config
    }

    fn parts(
        url: &str,
        config: Config,
        clock: &Arc<FixedClock>,
        (engine, (mailer, inbox), dns, mail, prober): Fakes<'_>,
    ) -> App {
        let keyring = Arc::new(Keyring::open_or_create(&config.key_file()).expect("key file"));
        let clock: Arc<dyn Clock> = Arc::clone(clock) as _;
        let db = Db::connect(url, config.database_connections).expect("the test database's address");
        App::new(Parts {
            ids: Arc::new(RandomIds),
            keyring,
            hub: Hub::default(),
            tasks: Tasks::default(),
            started: Started::default(),
            installation: Installation::default(),
            storage: config
                .volume_driver_socket
                .as_ref()
                .map(|_| Arc::new(engine.pool()) as _),
            engine: Arc::new(engine.clone()),
            mailer: config.smtp_url.as_ref().map(|_| Arc::new(mailer.clone()) as _),
            inbox: config.ticket_inbox.as_ref().map(|_| Arc::new(inbox.clone()) as _),
            dns: Arc::new(dns.clone()),
            prober: Arc::new(prober.clone()),
            mail: config
                .mail_container
                .as_ref()
                .map(|_| Arc::new(mail.clone()) as _),
            catalogue: Arc::new(Catalogue::load(&config.catalogue_dir).expect("the catalogue")),
            authenticate: crate::commands::authenticator(&clock, &config),
            clock,
            db,
            poke_servers: Poke::default(),
            consoles: crate::servers::Consoles::default(),
            config,
        })
    }

    /// A part of the system, for tests that look behind the pages.
    pub fn system(&self) -> SystemScope {
        SystemScope::new(self.app.db.clone(), "test")
    }

    /// The database's address, for a panel in a process of its own.
    pub fn database_url(&self) -> String {
        self.database_url.clone()
    }

    /// The database's address for an administrator.
    pub fn admin_url(&self) -> String {
        let database = self.database.as_ref().expect("a database of the test's own");
        database.admin_url()
    }

    /// Runs a statement as the cluster's administrator, past row-level security.
    pub async fn administer(&self, statement: &'static str) {
        let database = self.database.as_ref().expect("a database of the test's own");
        database.administer(statement).await;
    }

    /// A browser or program that is not signed in.
    pub fn anonymous(&self) -> Client {
        Client::new(self.router.clone())
    }

    /// Says where the panel would be reached.
    pub fn router(&self) -> Router {
        self.router.clone()
    }
}
