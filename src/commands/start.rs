//! What commands that work on the panel's data have in common: finding the database, and building the [`App`].

use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;

use crate::accounts::Authenticator;
use crate::app::{App, Parts};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::drivers::dns::Resolver;
use crate::drivers::engine::docker::{DockerEngine, Endpoint};
use crate::drivers::engine::{Engine, Installation, InstallationKey, InstanceKey, Measured};
use crate::drivers::inbox::{Imap, Inbox};
use crate::drivers::mail::{DockerMail, MailService};
use crate::drivers::mailer::{Mailer, Smtp};
use crate::drivers::pool::{self, Storage};
use crate::drivers::probe::Network;
use crate::platform::access::{Authenticate, SystemScope};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::db::{self, Db, EmbeddedPostgres};
use crate::platform::error::Error;
use crate::platform::events::Hub;
use crate::platform::ids::{InstallationId, RandomIds};
use crate::platform::reconcile::Poke;
use crate::platform::secret::{Keyring, Secret};
use crate::platform::shutdown::Tasks;
use crate::platform::web::health::Started;
use crate::servers;

/// The name of the panel's database in a private cluster: the administrator's own, which is always there.
const EMBEDDED_DATABASE: &str = "postgres";
/// The role that `roles.sql` makes for the panel.
const PANEL_ROLE: &str = "berth";
const RETRY: Duration = Duration::from_secs(2);

/// How to reach the database.
pub(super) struct Databases {
    /// As the panel.
    pub(super) panel: Secret,
    /// As an administrator, if we know how.
    pub(super) admin: Option<Secret>,
    /// The password to give to the panel's role, if it is ours to give.
    pub(super) password: Option<String>,
    /// The password to give to the mail service's role, if it is ours to give.
    pub(super) mail_password: Option<Secret>,
}

/// The database that the settings name, or the private cluster, started.
pub(super) async fn databases(config: &Config) -> anyhow::Result<Databases> {
    if let Some(panel) = config.database_url.clone() {
        let admin = config.database_admin_url.clone();
        return Ok(Databases {
            password: admin.as_ref().and_then(|_| password_of(panel.expose())),
            panel,
            admin,
            mail_password: config.mail_reader_password.clone(),
        });
    }
    let cluster = EmbeddedPostgres::start(&config.postgres_dir(), false).await;
    let cluster = cluster.context("starting the private PostgreSQL cluster")?;
    let mail_password = config.mail_reader_password.clone();
    Ok(Databases {
        panel: cluster.panel_url(EMBEDDED_DATABASE),
        admin: Some(cluster.admin_url(EMBEDDED_DATABASE)),
        password: Some(cluster.panel_password().to_owned()),
        mail_password: Some(mail_password.unwrap_or_else(|| cluster.mail_password().clone())),
    })
}

/// The password in the panel's address: an administrator who is told it needs no second place to be told it again.
fn password_of(url: &str) -> Option<String> {
    let (address, password) = db::without_password(url);
    let (_, rest) = address.split_once("://")?;
    let password = password.filter(|password| !password.expose().is_empty())?;
    rest.starts_with(&format!("{PANEL_ROLE}@"))
        .then(|| password.expose().clone())
}

/// Builds the app. The database need not answer yet: see [`until_ready`].
pub(super) fn app(config: Config, urls: &Databases) -> anyhow::Result<App> {
    std::fs::create_dir_all(&config.data_dir)
        .with_context(|| format!("creating the data folder {}", config.data_dir.display()))?;
    let db = Db::connect(urls.panel.expose(), config.database_connections).context("DATABASE_URL")?;
    let keyring = Arc::new(Keyring::open_or_create(&config.key_file())?);
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let installation = Installation::default();
    let dns = Arc::new(Resolver::at(config.dns_server).context("BERTH_DNS_SERVER")?);
    Ok(App::new(Parts {
        authenticate: authenticator(&clock, &config),
        db,
        clock,
        ids: Arc::new(RandomIds),
        keyring,
        hub: Hub::default(),
        tasks: Tasks::default(),
        started: Started::default(),
        engine: engine(&config, installation.clone())?,
        storage: storage(&config),
        mailer: mailer(&config)?,
        inbox: inbox(&config)?,
        prober: Arc::new(Network::of_this_machine(Arc::clone(&dns) as _)),
        dns,
        mail: mail(&config)?,
        installation,
        catalogue: Arc::new(Catalogue::load(&config.catalogue_dir).context("reading the catalogue")?),
        poke_servers: Poke::default(),
        consoles: servers::Consoles::default(),
        config,
    }))
}

/// The engine that the settings name. It is connected to when it is first used. Images can be used at once, the rest when
/// the installation is known.
pub(super) fn engine(config: &Config, installation: Installation) -> anyhow::Result<Arc<dyn Engine>> {
    let endpoint: Endpoint = config.docker_host.parse().context("BERTH_DOCKER_HOST")?;
    let instance = InstanceKey::new(&config.instance).context("BERTH_INSTANCE")?;
    let docker = Arc::new(DockerEngine::new(endpoint, instance, installation));
    Ok(Arc::new(Measured::new(docker)))
}

/// The pool that the settings name. Its driver is spoken to when it is first used.
fn storage(config: &Config) -> Option<Arc<dyn Storage>> {
    let socket = config.volume_driver_socket.as_ref()?;
    Some(Arc::new(pool::Client::at(socket)))
}

/// The mail server that the settings name. It is spoken to when there is something to send.
pub(super) fn mailer(config: &Config) -> anyhow::Result<Option<Arc<dyn Mailer>>> {
    let Some(url) = &config.smtp_url else {
        return Ok(None);
    };
    let smtp = Smtp::new(url.expose(), &config.mail_sender()).context("BERTH_SMTP_URL")?;
    Ok(Some(Arc::new(smtp)))
}

/// The mailbox that the settings name. It is looked into by the worker.
pub(super) fn inbox(config: &Config) -> anyhow::Result<Option<Arc<dyn Inbox>>> {
    let Some(url) = &config.ticket_inbox else {
        return Ok(None);
    };
    anyhow::ensure!(
        config.ticket_address.is_some(),
        "BERTH_TICKET_INBOX needs BERTH_TICKET_ADDRESS, the address whose mail comes there"
    );
    let imap = Imap::new(url.expose()).context("BERTH_TICKET_INBOX")?;
    Ok(Some(Arc::new(imap)))
}

/// The mail service that the settings name. It is spoken to when it is first used.
pub(super) fn mail(config: &Config) -> anyhow::Result<Option<Arc<dyn MailService>>> {
    let Some(container) = &config.mail_container else {
        return Ok(None);
    };
    let endpoint: Endpoint = config.docker_host.parse().context("BERTH_DOCKER_HOST")?;
    let instance = InstanceKey::new(&config.instance).context("BERTH_INSTANCE")?;
    let engine = DockerEngine::new(endpoint, instance, Installation::default());
    Ok(Some(Arc::new(DockerMail::new(engine, container.clone()))))
}

/// Prepares the database where we may, waits until it answers and its schema is this binary's, and reads or writes what a
/// panel needs before it says that it is ready.
pub(super) async fn until_ready(app: &App, urls: &Databases) -> anyhow::Result<()> {
    if let Some(admin) = &urls.admin {
        prepare(admin, urls).await?;
    }
    wait_until_current(&app.db).await;
    while let Err(error) = settle(app).await {
        if !matches!(error, Error::Unavailable(_)) {
            return Err(error).context("setting up");
        }
        tokio::time::sleep(RETRY).await;
    }
    app.started.set();
    Ok(())
}

/// Learns which installation this is, and writes the location that servers are created at.
async fn settle(app: &App) -> Result<(), Error> {
    learn(app).await?;
    let scope = SystemScope::new(app.db.clone(), "start");
    servers::set_up_location(app, &scope).await.map(drop)
}

/// Learns which installation this is.
pub(super) async fn learn(app: &App) -> Result<(), Error> {
    let scope = SystemScope::new(app.db.clone(), "start");
    let mut tx = scope.begin().await?;
    let new = InstallationId::new(&*app.ids, app.now());
    let installation = db::installation(&mut tx, new).await?;
    tx.commit().await?;
    let key = InstallationKey::new(installation.to_string()).map_err(Error::internal)?;
    app.installation.learn(key);
    Ok(())
}

/// Roles and migrations. A database that does not answer yet is waited for; one that refuses is an error.
async fn prepare(admin: &Secret, urls: &Databases) -> anyhow::Result<()> {
    loop {
        match prepare_once(admin, urls).await {
            Ok(()) => return Ok(()),
            Err(db::SetupError::Database(error)) if db::is_unavailable(&error) => {
                tracing::warn!(%error, "the database does not answer yet");
                tokio::time::sleep(RETRY).await;
            }
            Err(error) => return Err(error).context("preparing the database"),
        }
    }
}

/// The same, with one try.
pub(super) async fn prepare_once(admin: &Secret, urls: &Databases) -> Result<(), db::SetupError> {
    db::prepare(admin.expose(), urls.password.as_deref()).await?;
    match &urls.mail_password {
        Some(password) => db::let_mail_read(admin.expose(), password.expose()).await,
        None => Ok(()),
    }
}

async fn wait_until_current(db: &Db) {
    loop {
        match db::is_current(db).await {
            Ok(true) => return,
            Ok(false) => {
                tracing::warn!("the database's schema is older than this binary: run `berth migrate`");
            }
            Err(error) => tracing::warn!(%error, "the database does not answer yet, or is not prepared"),
        }
        tokio::time::sleep(RETRY).await;
    }
}

/// Who checks sessions and tokens.
pub(crate) fn authenticator(clock: &Arc<dyn Clock>, config: &Config) -> Arc<dyn Authenticate> {
    Arc::new(Authenticator::new(Arc::clone(clock), config))
}

#[cfg(test)]
mod tests {
    use super::{EMBEDDED_DATABASE, password_of};

    #[test]
    fn make_run_shows_the_mail_service_the_private_clusters_database() {
        let script = include_str!("../../scripts/run.sh");
        let line = format!("export BERTH_MAIL_DATABASE_NAME={EMBEDDED_DATABASE}\n");
        assert!(script.contains(&line), "scripts/run.sh: {line}");
    }

    #[test]
    fn only_the_panels_own_role_gets_the_password_of_its_address() {
        let password = |url: &str| password_of(url);
        assert_eq!(
            password("postgres://berth:s%40cret@db:5432/berth?sslmode=require").as_deref(),
            Some("s@cret")
        );
        assert_eq!(password("postgres://berth:a@b@db/berth").as_deref(), Some("a@b"));
        assert_eq!(password("postgres://somebody:secret@db/berth"), None);
        assert_eq!(password("postgres://berth@db/berth"), None);
        assert_eq!(password("postgres://berth:@db/berth"), None);
    }
}
