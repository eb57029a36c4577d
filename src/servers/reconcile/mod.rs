//! Bringing servers to what is wanted. See [`crate::platform::reconcile`] for the driver and [`super::model`] for the plan.
//!
//! - [`attempt`] is one attempt on one server: observe, plan, apply, judge, write back.
//! - [`guard`] knows whether servers may be started.
//! - [`watch`] follows the engine: its events wake servers, its absence pauses the work.
//! - [`sweep`] compares everything with the engine once a minute, in one call, and finds orphans.

mod attached;
mod attempt;
mod copy;
mod crash;
mod depart;
mod disk;
mod eggs;
mod expire;
mod guard;
mod health;
mod in_work;
mod made;
mod origin;
mod orphans;
mod quotas;
mod spec;
mod steps;
mod sweep;
mod tell;
mod throw_away;
mod trouble;
mod update;
mod watch;
mod wiring;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;

use crate::app::App;
use crate::platform::access::SystemScope;
use crate::platform::error::Error;
use crate::platform::events::Event;
use crate::platform::ids::{LocationId, ServerId};
use crate::platform::reconcile::{Reconciler, drive};

pub use quotas::{Uncompared, hold_quota};
pub use spec::volume_key;
pub use throw_away::{ThrowAway, guarded, throw_away, throw_away_volume};

use super::actions::{TOPIC, set_up_location};
use super::store::{self, Claimed};
use guard::Guard;
use health::EngineHealth;
use in_work::InWork;

/// Whoever does not renew it for so long has died.
const LEASE: chrono::Duration = chrono::Duration::seconds(15);
/// So many copies are under way at once, of all the servers that are worked on: they take long, and others must not wait.
const COPIES: usize = 4;
/// Tenants whose status changed have this topic.
const TENANT_TOPIC: &str = "tenant";

/// The reconciler of servers.
#[derive(Clone)]
pub struct Servers {
    app: App,
    location: LocationId,
    health: Arc<EngineHealth>,
    guard: Arc<Guard>,
    in_work: InWork,
    followers: eggs::Followers,
    copies: Arc<Semaphore>,
}

impl Servers {
    /// The reconciler of the servers at a location.
    pub fn new(app: &App, location: LocationId) -> Self {
        Self {
            app: app.clone(),
            location,
            health: Arc::default(),
            guard: Arc::default(),
            in_work: InWork::default(),
            followers: eggs::Followers::default(),
            copies: Arc::new(Semaphore::new(COPIES)),
        }
    }
}

#[cfg(all(test, feature = "testing"))]
impl Servers {
    /// Compares everything, as the watch does once a minute.
    pub(in crate::servers) async fn sweep(&self) -> Result<(), watch::Watch> {
        sweep::sweep(self).await
    }

    /// Compares tenants' quotas, as is done every half minute.
    pub(in crate::servers) async fn compare_quotas(&self) {
        if let Some(storage) = &self.app.storage {
            let done = quotas::compare(&self.app, &**storage).await;
            assert!(done.is_ok(), "{done:?}");
        }
    }

    /// Whether nothing is claimed for want of an engine.
    pub(in crate::servers) fn is_engine_away(&self) -> bool {
        self.health.is_away()
    }

    /// What an event about a server does to the work on it.
    pub(in crate::servers) fn changed(&self, id: ServerId) {
        self.in_work.changed(id);
    }

    /// What an event does to what is known about the guard.
    pub(in crate::servers) fn heard_from_engine(&self, event: &crate::drivers::engine::EngineEvent) {
        self.guard.hear(event);
    }

    /// What the engine's events do.
    pub(in crate::servers) async fn hear_events(&self, heard: Vec<crate::drivers::engine::EngineEvent>) {
        let done = self.happened(heard.into_iter().map(Ok).collect()).await;
        assert!(done.is_ok(), "{done:?}");
    }

    /// What the watch does when it reaches the engine again.
    pub(in crate::servers) async fn engine_is_back(&self) {
        self.engine_answers().await;
    }
}

/// Starts the work on servers in the background of this process.
pub async fn begin(app: &App) -> Result<(), Error> {
    let scope = SystemScope::new(app.db.clone(), "reconciler");
    let location = set_up_location(app, &scope).await?;
    let servers = Arc::new(Servers::new(app, location.id));
    let (poke, tasks) = (app.poke_servers.clone(), app.tasks.clone());
    app.tasks.spawn(drive(Arc::clone(&servers), poke, tasks));
    app.tasks.spawn(hear(Arc::clone(&servers)));
    app.tasks.spawn(keep_guard(Arc::clone(&servers)));
    if let Some(storage) = app.storage.clone() {
        app.tasks.spawn(quotas::keep(app.clone(), storage));
    }
    app.tasks.spawn(watch::watch(servers));
    Ok(())
}

#[async_trait::async_trait]
impl Reconciler for Servers {
    type Item = Claimed;
    const KIND: &'static str = "server";
    const CONCURRENCY: usize = 16;
    const PERIOD: Duration = Duration::from_secs(1);

    async fn claim(&self, limit: usize) -> Result<Vec<Claimed>, Error> {
        if self.health.is_away() {
            return Ok(Vec::new());
        }
        let now = self.app.now();
        let lease = self.app.ids.uuid(now);
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut tx = self.app.db.system().await?;
        let claimed = store::claim(&mut tx, lease, (now, now + LEASE), limit).await?;
        tx.commit().await?;
        Ok(claimed)
    }

    async fn reconcile(&self, claimed: Claimed) -> Result<bool, Error> {
        attempt::attempt(self, &claimed).await
    }
}

async fn keep_guard(servers: Arc<Servers>) {
    servers.guard.keep(&servers.app).await;
}

/// Hears of new wishes, from this process and from others.
async fn hear(servers: Arc<Servers>) {
    let mut events = servers.app.hub.subscribe();
    loop {
        let event = tokio::select! {
            () = servers.app.tasks.stopping() => return,
            event = events.recv() => event,
        };
        match event {
            Ok(event) => servers.heard(&event),
            Err(RecvError::Lagged(_)) => servers.app.poke_servers.poke(),
            Err(RecvError::Closed) => return,
        }
    }
}

impl Servers {
    fn heard(&self, event: &Event) {
        match event.topic.as_str() {
            TOPIC => {
                if let Some(id) = event.target_id {
                    self.in_work.changed(ServerId(id));
                }
                self.app.poke_servers.poke();
            }
            TENANT_TOPIC => self.app.poke_servers.poke(),
            _ => {}
        }
    }
}
