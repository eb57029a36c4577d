//! From a server and its template to the container that it should be. The only place where secrets are opened for use.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use crate::catalogue::{self, Offer, Template};
use crate::drivers::engine::{
    Capability, ContainerSpec, EngineError, Env, HealthCheck, HealthTest, NetworkKey, Port, Protocol,
    ServerKey, TenantKey, Tmpfs, VolumeKey, VolumeMount,
};
use crate::platform::ids::ServerId;
use crate::platform::secret::{Keyring, SealError};
use crate::volumes::{self, Mount};

use super::super::model::{Location, PublishedPort, Server, StoredVariable, seal_context};
use super::eggs::adapt;

const MIB: u64 = 1024 * 1024;

/// Why no specification can be made.
#[derive(Debug, thiserror::Error)]
pub(super) enum SpecError {
    /// The catalogue has lost it.
    #[error("its template {0} is no longer in the catalogue")]
    TemplateGone(String),
    /// The key file has lost its key, or the row was changed by hand.
    #[error("one of its secrets can't be opened")]
    Secret(#[from] SealError),
    /// A secret that is no text.
    #[error("one of its secrets is not text")]
    Text,
    /// The location's address can't be read.
    #[error("its location's address can't be read")]
    Address(#[from] std::net::AddrParseError),
    /// A part can't be said to the engine.
    #[error("its container can't be described to the engine")]
    Engine(#[from] EngineError),
}

/// All that a specification is made from.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    pub(super) server: &'a Server,
    pub(super) offer: &'a Offer,
    pub(super) location: &'a Location,
    pub(super) ports: &'a [PublishedPort],
    pub(super) variables: &'a [StoredVariable],
    /// The tenant's volumes that are attached to it.
    pub(super) mounts: &'a [Mount],
}

/// The server's key on the engine.
pub(super) fn server_key(server: &Server) -> Result<ServerKey, EngineError> {
    ServerKey::new(server.id.to_string())
}

/// The key of the server's tenant on the engine.
pub(super) fn tenant_key(server: &Server) -> Result<TenantKey, EngineError> {
    TenantKey::new(server.tenant.to_string())
}

/// The key of the network that the server's tenant has.
pub(super) fn network_key(server: &Server) -> Result<NetworkKey, EngineError> {
    NetworkKey::new(server.tenant.to_string())
}

/// The key of one of the server's volumes. It holds the id of the server whose it is, so no two volumes ever share one.
pub fn volume_key(server: &Server, name: &str) -> Result<VolumeKey, EngineError> {
    volume_key_of(server.home(), name)
}

/// The same for a server of which no more than its id is known.
pub(super) fn volume_key_of(server: ServerId, name: &str) -> Result<VolumeKey, EngineError> {
    VolumeKey::new(format!("{server}-{name}"))
}

/// The container that the server should be.
pub(super) fn container(parts: &Parts<'_>, keyring: &Keyring) -> Result<ContainerSpec, SpecError> {
    let (server, template) = (parts.server, &*parts.offer.template);
    let mut spec = ContainerSpec {
        server: server_key(server)?,
        tenant: tenant_key(server)?,
        display_name: server.name.clone(),
        image: server.image.clone(),
        command: None,
        env: environment(parts, keyring)?,
        labels: rebuilds(server),
        network: network_key(server)?,
        hostname: Some(server.host_name.clone()),
        aliases: vec![server.host_name.clone()],
        ports: ports(parts)?,
        volumes: mounted(parts)?,
        cpu_millis: u32::try_from(server.resources.cpu_millis).unwrap_or(u32::MAX),
        memory_bytes: u64::try_from(server.resources.memory_mib).unwrap_or_default() * MIB,
        pids_limit: template.hardening.pids,
        cap_add: capabilities(template)?,
        read_only_root: template.hardening.read_only_root,
        tmpfs: tmpfs(template),
        user: template.hardening.user.clone(),
        health: template.health.as_ref().map(health),
        stop_signal: Some(template.stop.signal.as_str().to_owned()),
        stop_grace: template.stop.grace,
        open_stdin: template.console == catalogue::Console::Attach,
    };
    if let Some(egg) = &parts.offer.egg {
        adapt(&mut spec, egg, parts);
    }
    Ok(spec)
}

/// Each rebuild that somebody asked for is another specification, so that the container before it is replaced.
fn rebuilds(server: &Server) -> BTreeMap<String, String> {
    let count = Some(server.rebuild_seq).filter(|count| *count > 0);
    count
        .map(|count| ("rebuild".to_owned(), count.to_string()))
        .into_iter()
        .collect()
}

fn environment(parts: &Parts<'_>, keyring: &Keyring) -> Result<Env, SpecError> {
    let mut env = Vec::with_capacity(parts.variables.len());
    for variable in parts.variables {
        let value = match (&variable.value, &variable.sealed) {
            (Some(value), _) => value.clone(),
            (None, Some(sealed)) => {
                let plain = keyring.open(&seal_context(&variable.key, parts.server.id), sealed)?;
                String::from_utf8(plain.to_vec()).map_err(|_| SpecError::Text)?
            }
            (None, None) => continue,
        };
        env.push((variable.key.clone(), value));
    }
    Ok(env.into_iter().chain(unasked(parts)).collect())
}

/// What the template has come to ask since the server was made, where it says what holds without an answer.
fn unasked<'a>(parts: &'a Parts<'_>) -> impl Iterator<Item = (String, String)> + 'a {
    let is_stored = |key: &str| parts.variables.iter().any(|stored| stored.key == key);
    let all = parts.offer.template.variables.iter();
    all.filter(move |variable| !is_stored(&variable.key))
        .filter_map(|variable| Some((variable.key.clone(), variable.default.clone()?)))
}

fn ports(parts: &Parts<'_>) -> Result<Vec<Port>, SpecError> {
    let host_ip: IpAddr = parts.location.publish_address.parse()?;
    let port = |port: &PublishedPort| Port {
        container_port: port.container_port,
        protocol: if port.is_udp { Protocol::Udp } else { Protocol::Tcp },
        host_ip,
        host_port: Some(port.host_port),
    };
    Ok(parts.ports.iter().map(port).collect())
}

/// Its own, and then those of its tenant's, so that a server without any is made as it always was.
fn mounted(parts: &Parts<'_>) -> Result<Vec<VolumeMount>, SpecError> {
    let mount = |volume: &catalogue::Volume| {
        Ok(VolumeMount {
            volume: volume_key(parts.server, &volume.name)?,
            path: volume.path.to_string_lossy().into_owned(),
            read_only: false,
        })
    };
    let own = parts.offer.template.volumes.iter().map(mount);
    let attached = parts.mounts.iter().filter(|mount| mount.is_wanted);
    let attached = attached.map(|mount| {
        Ok(VolumeMount {
            volume: volumes::volume_key(mount.volume)?,
            path: mount.path.clone(),
            read_only: mount.is_read_only,
        })
    });
    own.chain(attached).collect()
}

fn capabilities(template: &Template) -> Result<Vec<Capability>, SpecError> {
    let engines = |capability: &catalogue::Capability| capability.as_str().parse();
    let all: Result<_, EngineError> = template.hardening.cap_add.iter().map(engines).collect();
    Ok(all?)
}

fn tmpfs(template: &Template) -> Vec<Tmpfs> {
    let tmpfs = |tmpfs: &catalogue::Tmpfs| Tmpfs {
        path: tmpfs.path.to_string_lossy().into_owned(),
        size_bytes: u64::from(tmpfs.size_mib) * MIB,
        exec: false,
    };
    template.hardening.tmpfs.iter().map(tmpfs).collect()
}

fn health(health: &catalogue::Health) -> HealthCheck {
    HealthCheck {
        test: HealthTest::Exec(health.command.clone()),
        interval: health.interval.max(Duration::from_secs(1)),
        timeout: health.timeout,
        retries: health.retries,
        start_period: health.start_period,
    }
}
