//! The effects: what each step of a plan does to the engine.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Semaphore;

use crate::app::App;
use crate::catalogue;
use crate::certificates;
use crate::drivers::engine::{
    ContainerSpec, EngineError, NetworkSpec, Outcome, ServerKey, VolumeKey, VolumeSpec,
};
use crate::eggs::{Egg, Stop};
use crate::platform::error::Error;
use crate::platform::{events, operations};
use crate::stacks;
use crate::volumes::{Mount, volume_key};

use super::super::actions::TOPIC;
use super::super::model::{Goal, Server, Step, share};
use super::super::store::{self, Claimed};
use super::eggs;
use super::guard::Guard;
use super::spec::{network_key, server_key, tenant_key};
use super::trouble::Trouble;
use super::{copy, depart, disk, quotas, wiring};

/// How long a process may take to end when its template is gone.
const DEFAULT_GRACE: Duration = Duration::from_secs(10);
/// How many subnets are tried until one is free on the host.
pub(super) const SUBNET_TRIES: usize = 8;

/// What steps work with.
pub(super) struct Effects<'a> {
    pub(super) app: &'a App,
    pub(super) claimed: &'a Claimed,
    pub(super) guard: &'a Guard,
    /// The container that should be, or why that can't be said.
    pub(super) spec: Result<ContainerSpec, String>,
    /// Whether its folder is to be filled.
    pub(super) installs: bool,
    /// The tenant's volumes that are attached to it, or were.
    pub(super) mounts: &'a [Mount],
    /// Places for copies, of which there are few.
    pub(super) copies: &'a Semaphore,
}

impl Effects<'_> {
    pub(super) fn server(&self) -> &Server {
        &self.claimed.server
    }

    /// Does one step. Harmless when repeated.
    pub(super) async fn apply(&self, step: Step) -> Result<(), Trouble> {
        let (engine, key) = (&self.app.engine, server_key(self.server())?);
        match step {
            Step::Depart => depart::depart(self).await,
            Step::Copy => copy::copy(self).await,
            Step::Image => self.image().await,
            Step::Network => self.network().await,
            Step::Volumes => self.volumes().await,
            Step::Install => self.install().await,
            Step::EndInstall => eggs::end_install(self).await,
            Step::Ensure => self.ensure().await,
            Step::Wire => wiring::wire(self).await,
            Step::Resize => self.resize(&key).await,
            Step::Disk => disk::resize(self).await,
            Step::Start => self.start().await,
            Step::Stop => self.stop().await,
            Step::Kill => Ok(engine.kill(&key).await.map(drop)?),
            Step::NoteRestart => self.note_restart().await,
            Step::RemoveContainer => self.remove_container(&key).await,
            Step::ReleasePorts => self.release_ports().await,
            Step::RemoveVolumes => self.remove_volumes().await,
            Step::RemoveNetwork => self.remove_network().await,
            Step::Forget => self.forget().await,
        }
    }

    async fn image(&self) -> Result<(), Trouble> {
        let server = self.server();
        catalogue::ensure_image(self.app, &server.template, &server.image).await?;
        if let Some(image) = self.install_image().filter(|_| self.installs) {
            catalogue::ensure_image(self.app, &server.template, &image).await?;
        }
        Ok(())
    }

    /// The egg that the server comes from, if it comes from one.
    fn egg(&self) -> Option<Arc<Egg>> {
        self.app.catalogue.offer(&self.server().template)?.egg
    }

    /// The image of its install script.
    pub(super) fn install_image(&self) -> Option<String> {
        self.app.catalogue.offer(&self.server().template)?.install_image
    }

    async fn install(&self) -> Result<(), Trouble> {
        match self.egg() {
            Some(egg) => eggs::install(self, &egg).await,
            None => Ok(()),
        }
    }

    async fn remove_container(&self, key: &ServerKey) -> Result<(), Trouble> {
        // A script that fills its folder, or a copy that fills its volumes.
        self.app.engine.end_task(key).await?;
        Ok(self.app.engine.remove(key).await.map(drop)?)
    }

    /// The subnet is ours to choose, but the host may have it already: then another is drawn.
    pub(super) async fn network(&self) -> Result<(), Trouble> {
        let server = self.server();
        let mut subnet = self.subnet(false).await?;
        for _ in 0..SUBNET_TRIES {
            let spec = NetworkSpec {
                key: network_key(server)?,
                tenant: tenant_key(server)?,
                internal: false,
                subnet: subnet.clone(),
            };
            match self.app.engine.ensure_network(&spec).await {
                Err(EngineError::Invalid(message)) => {
                    tracing::info!(message, "a subnet is taken on the host, drawing another");
                    subnet = self.subnet(true).await?;
                }
                other => return Ok(other.map(drop)?),
            }
        }
        Err(EngineError::NoAddresses.into())
    }

    async fn subnet(&self, another: bool) -> Result<Option<String>, Error> {
        let server = self.server();
        let mut tx = self.app.db.system().await?;
        let subnet = if another {
            store::replace_subnet(&mut tx, server.tenant, server.location).await?
        } else {
            store::subnet(&mut tx, server.tenant, server.location).await?
        };
        tx.commit().await?;
        Ok(subnet)
    }

    /// The server's disk is shared out evenly among its volumes.
    async fn volumes(&self) -> Result<(), Trouble> {
        // Without a specification a container is only started again, with the volumes that it has.
        let Ok(spec) = &self.spec else { return Ok(()) };
        let mut attached = Vec::with_capacity(self.mounts.len());
        for mount in self.mounts {
            attached.push(volume_key(mount.volume)?);
        }
        let all = spec.volumes.iter().map(|mount| mount.volume.clone());
        let own: Vec<VolumeKey> = all.filter(|key| !attached.contains(key)).collect();
        self.ensure_volumes(&own).await?;
        disk::attached_there(self).await
    }

    pub(super) async fn ensure_volumes(&self, keys: &[VolumeKey]) -> Result<(), Trouble> {
        let server = self.server();
        let size = share(server.resources.disk_mib, keys.len());
        if !keys.is_empty() {
            quotas::hold_quota(self.app, server.tenant).await?;
        }
        for key in keys {
            let volume = VolumeSpec {
                key: key.clone(),
                tenant: tenant_key(server)?,
                // A replica may be the first that needs them; they go with the server whose they are.
                server: Some(ServerKey::new(server.home().to_string())?),
                driver: disk::driver(self.app),
                size_bytes: Some(size),
            };
            let made = self.app.engine.ensure_volume(&volume).await?;
            disk::note(self, &made, size).await?;
        }
        Ok(())
    }

    async fn ensure(&self) -> Result<(), Trouble> {
        let spec = self.spec.as_ref();
        let spec = spec.map_err(|reason| Trouble::Unspecified(reason.clone()))?;
        Ok(self.app.engine.ensure(spec).await.map(drop)?)
    }

    async fn resize(&self, key: &ServerKey) -> Result<(), Trouble> {
        let spec = self.spec.as_ref();
        let spec = spec.map_err(|reason| Trouble::Unspecified(reason.clone()))?;
        match self.app.engine.set_limits(key, spec.limits()).await? {
            Outcome::Gone => Err(Trouble::Vanished),
            Outcome::Done | Outcome::Already => Ok(()),
        }
    }

    /// One that is to start again goes on while it could not.
    async fn stop(&self) -> Result<(), Trouble> {
        if self.server().goal() == Goal::Run {
            self.guard.ready(self.app).await?;
        }
        self.end().await
    }

    /// Ends it in good order, whatever comes after.
    pub(super) async fn end(&self) -> Result<(), Trouble> {
        let key = server_key(self.server())?;
        let stopped = match self.egg().as_deref().map(|egg| &egg.stop) {
            Some(Stop::Input(line)) => self.app.engine.stop_by_input(&key, line, self.grace()).await,
            _ => self.app.engine.stop(&key, self.grace()).await,
        };
        Ok(stopped.map(drop)?)
    }

    async fn start(&self) -> Result<(), Trouble> {
        self.guard.ready(self.app).await?;
        if let Some(egg) = self.egg() {
            eggs::configure(self, &egg).await?;
        }
        disk::attached_there(self).await?;
        disk::ready(self).await?;
        match self.app.engine.start(&server_key(self.server())?).await {
            Ok(Outcome::Gone) => Err(Trouble::Vanished),
            Ok(Outcome::Done | Outcome::Already) => Ok(()),
            Err(EngineError::PortInUse { port }) => Err(self.move_from(port).await?),
            Err(error) => Err(error.into()),
        }
    }

    /// A port that something else on the host has: a server that never ran gets another, as nobody knows its address yet.
    async fn move_from(&self, port: u16) -> Result<Trouble, Trouble> {
        let server = self.server();
        let taken = EngineError::PortInUse { port };
        if server.observed_generation > 0 {
            return Ok(taken.into());
        }
        let mut tx = self.app.db.system().await?;
        store::block_port(&mut tx, server.location, port, self.app.now()).await?;
        let moved = store::move_port(&mut tx, server.id, port).await?;
        tx.commit().await?;
        Ok(if moved {
            Trouble::Cleared(format!(
                "port {port} of the host is used by something else; it gets another"
            ))
        } else {
            taken.into()
        })
    }

    fn grace(&self) -> Duration {
        let offer = self.app.catalogue.offer(&self.server().template);
        offer.map_or(DEFAULT_GRACE, |offer| offer.template.stop.grace)
    }

    async fn note_restart(&self) -> Result<(), Trouble> {
        let server = self.server();
        let mut tx = self.app.db.system().await?;
        store::note_restart(&mut tx, server.id, server.restart_seq).await?;
        Ok(tx.commit().await?)
    }

    async fn release_ports(&self) -> Result<(), Trouble> {
        let mut tx = self.app.db.system().await?;
        store::release_ports(&mut tx, (self.server().id, self.claimed.lease)).await?;
        Ok(tx.commit().await?)
    }

    /// Goes by what the engine has and not by the template, which may have changed since.
    async fn remove_volumes(&self) -> Result<(), Trouble> {
        let key = server_key(self.server())?;
        let all = self.app.engine.list_volumes().await?;
        for volume in all.iter().filter(|volume| volume.server.as_ref() == Some(&key)) {
            self.app.engine.remove_volume(&volume.key).await?;
        }
        Ok(())
    }

    async fn remove_network(&self) -> Result<(), Trouble> {
        let server = self.server();
        let mut tx = self.app.db.system().await?;
        let is_last = store::is_last_of_tenant(&mut tx, server.id, server.tenant, server.location).await?;
        drop(tx);
        if !is_last {
            return Ok(());
        }
        match self.app.engine.remove_network(&network_key(server)?).await {
            // A server that was created in this moment has it; it goes with that one.
            Err(EngineError::InUse { .. }) => return Ok(()),
            other => drop(other?),
        }
        let mut tx = self.app.db.system().await?;
        store::release_subnet(&mut tx, server.tenant, server.location).await?;
        Ok(tx.commit().await?)
    }

    /// The end: the row goes in the transaction that ends its operations.
    async fn forget(&self) -> Result<(), Trouble> {
        let (server, now) = (self.server(), self.app.now());
        let mut tx = self.app.db.system().await?;
        // Before the server itself, as whoever does something with the whole stack takes them in this order.
        let stack = match &server.stack {
            Some(place) => stacks::hold(&mut tx, place.stack).await?,
            None => None,
        };
        certificates::count_server(&mut tx, server.id).await?;
        if store::forget(&mut tx, server.id, self.claimed.lease).await? {
            if let Some(stack) = stack {
                stacks::end_if_empty(self.app, &mut tx, &stack).await?;
            }
            operations::end_step(&mut tx, server.id.0, Ok(()), now).await?;
            operations::reach(&mut tx, server.id.0, server.generation, now).await?;
            events::emit(&mut tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
            tx.commit().await?;
        }
        Ok(())
    }
}
