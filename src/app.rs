//! All that a request or a job may use, built once by the command that runs the process.

use std::ops::Deref;
use std::sync::Arc;

use axum::response::Response;
use chrono::{DateTime, Utc};

use crate::audit::{self, Change, Target};
use crate::catalogue::Catalogue;
use crate::config::Config;
use crate::drivers::dns::Dns;
use crate::drivers::engine::{Engine, Installation};
use crate::drivers::inbox::Inbox;
use crate::drivers::mail::MailService;
use crate::drivers::mailer::Mailer;
use crate::drivers::pool::Storage;
use crate::drivers::probe::Prober;
use crate::platform::access::{Authenticate, TenantScope, Who};
use crate::platform::clock::Clock;
use crate::platform::db::{Db, Scoped};
use crate::platform::error::Error;
use crate::platform::events::{self, Event, Hub};
use crate::platform::ids::{AuditId, IdGen};
use crate::platform::reconcile::Poke;
use crate::platform::secret::Keyring;
use crate::platform::shutdown::Tasks;
use crate::platform::web::health::Started;
use crate::platform::web::{self, Fragment, LastSeen};
use crate::servers::Consoles;

/// The parts of [`App`].
pub struct Parts {
    /// Every setting.
    pub config: Config,
    /// PostgreSQL.
    pub db: Db,
    /// Time.
    pub clock: Arc<dyn Clock>,
    /// Ids.
    pub ids: Arc<dyn IdGen>,
    /// The keys of secrets at rest.
    pub keyring: Arc<Keyring>,
    /// Events for pages and reconcilers.
    pub hub: Hub,
    /// Whether this process has what it needs to work.
    pub started: Started,
    /// Background work of this process.
    pub tasks: Tasks,
    /// Sessions and tokens.
    pub authenticate: Arc<dyn Authenticate>,
    /// Which installation this is.
    pub installation: Installation,
    /// Runs containers.
    pub engine: Arc<dyn Engine>,
    /// This node's pool of storage, if it has one.
    pub storage: Option<Arc<dyn Storage>>,
    /// Sends mail, if there is a server for it.
    pub mailer: Option<Arc<dyn Mailer>>,
    /// The mailbox that mail for tickets comes to, if there is one.
    pub inbox: Option<Arc<dyn Inbox>>,
    /// Asks DNS.
    pub dns: Arc<dyn Dns>,
    /// Looks from outside whether servers answer.
    pub prober: Arc<dyn Prober>,
    /// The mail service, if this installation has one.
    pub mail: Option<Arc<dyn MailService>>,
    /// What servers are made from.
    pub catalogue: Arc<Catalogue>,
    /// Wakes the reconciler of servers.
    pub poke_servers: Poke,
    /// The consoles that are open in this process.
    pub consoles: Consoles,
}

/// A cheap handle on the parts.
#[derive(Clone)]
pub struct App(Arc<Parts>);

impl App {
    /// Puts the parts together.
    pub fn new(parts: Parts) -> Self {
        Self(Arc::new(parts))
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.clock.now()
    }

    /// When a live page's stream that begins now has to end: when the process stops, or after its lifetime.
    pub fn stream_end(&self) -> impl Future<Output = ()> + Send + use<> {
        let (stop, lifetime) = (self.tasks.token(), self.config.stream_lifetime);
        async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = tokio::time::sleep(lifetime) => {}
            }
        }
    }

    /// Opens the stream of a tenant's page: what the scope missed since `seen`, and then what happens. `draw` re-reads what an
    /// event is about and draws it, or says that it does not concern this page.
    ///
    /// # Errors
    /// As the database's.
    pub async fn live<D, F>(&self, scope: &TenantScope, seen: LastSeen, draw: D) -> Result<Response, Error>
    where
        D: Fn(Self, TenantScope, Event) -> F + Send + Sync + 'static,
        F: Future<Output = Result<Option<Fragment>, Error>> + Send + 'static,
    {
        let (app, whose) = (self.clone(), scope.clone());
        let draw = move |event| draw(app.clone(), whose.clone(), event);
        web::live(&self.hub, self.stream_end_for(scope), seen, scope.begin(), draw).await
    }

    /// When the stream of a tenant's page has to end: a guest's as soon as anything changes about whom the server is shared
    /// with, too. The page connects again by itself, and who has lost access is refused.
    pub fn stream_end_for(&self, scope: &TenantScope) -> impl Future<Output = ()> + Send + use<> {
        let (end, mut news) = (
            self.stream_end(),
            events::Sharing::new(&self.hub, scope.guest_of()),
        );
        async move {
            tokio::select! {
                () = end => {}
                () = news.changed() => {}
            }
        }
    }

    /// Writes the audit event of an action into its transaction.
    pub async fn audit(
        &self,
        tx: &mut impl Scoped,
        who: &Who,
        target: &Target<'_>,
        change: &Change,
    ) -> Result<(), Error> {
        let now = self.now();
        audit::record(tx, (AuditId::new(&*self.ids, now), now), who, target, change).await
    }
}

impl std::fmt::Debug for App {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("App")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Deref for App {
    type Target = Parts;
    fn deref(&self) -> &Parts {
        &self.0
    }
}
