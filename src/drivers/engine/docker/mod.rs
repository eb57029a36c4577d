//! One Docker Engine: a container per server. Works with every engine from 20.10 on.
//!
//! What bollard's version 0.21 needs from us: `negotiate_version` after connecting, so that an older engine is not
//! sent a newer version; and `raw`, because its models refuse a whole answer over one unknown word.

mod build;
pub mod cgroups;
mod connection;
mod containers;
mod copy;
mod error;
mod events;
mod files;
mod filled;
mod guard;
mod helper;
mod hijack;
mod images;
mod metering;
mod networks;
mod pull;
mod raw;
mod streams;
mod tasks;
mod volumes;

use std::{fmt, path::PathBuf, str::FromStr, time::Duration};

use async_trait::async_trait;
use bollard::{API_DEFAULT_VERSION, Docker};
use bytes::Bytes;
use tokio::sync::{Mutex, OnceCell};

use self::connection::{Connection, READ_TIMEOUT};
use self::metering::Meter;
use super::{
    BuildEvent, BuildRequest, ContainerSpec, CopyEvent, CopySpec, Engine, EngineError, EngineEvent,
    EngineInfo, EngineResult, EngineStream, ExecOutput, GuardSpec, GuardState, HelperEvent, HelperSpec,
    Image, Installation, InstanceKey, Limits, LogLine, LogQuery, Network, NetworkKey, NetworkSpec, Observed,
    Outcome, ServerKey, ShellKey, Stats, TaskEvent, TaskSpec, Terminal, TerminalId, TerminalSize, Volume,
    VolumeKey, VolumeSpec, VolumeUse,
};

/// Where an engine listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A socket of this host.
    Unix(PathBuf),
    /// An address, without encryption: whoever can reach it is root there. Only for a network of the provider's own.
    Tcp(String),
}

impl Endpoint {
    fn client(&self) -> Result<Docker, bollard::errors::Error> {
        let seconds = READ_TIMEOUT.as_secs();
        match self {
            Self::Unix(path) => {
                Docker::connect_with_unix(&path.to_string_lossy(), seconds, API_DEFAULT_VERSION)
            }
            Self::Tcp(address) => Docker::connect_with_http(address, seconds, API_DEFAULT_VERSION),
        }
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unix(path) => write!(f, "unix://{}", path.display()),
            Self::Tcp(address) => write!(f, "tcp://{address}"),
        }
    }
}

impl FromStr for Endpoint {
    type Err = EngineError;

    /// Reads `unix:///var/run/docker.sock` or `tcp://host:2375`.
    fn from_str(text: &str) -> Result<Self, EngineError> {
        let endpoint = match text.split_once("://") {
            Some(("unix", path)) if path.starts_with('/') => Self::Unix(PathBuf::from(path)),
            Some(("tcp", address)) if !address.is_empty() => Self::Tcp(address.to_owned()),
            _ => {
                return Err(EngineError::invalid(format!(
                    "{text:?} is not unix:///path or tcp://host:port"
                )));
            }
        };
        Ok(endpoint)
    }
}

/// A Docker Engine, as one installation of Berth sees it.
#[derive(Debug)]
pub struct DockerEngine {
    endpoint: Endpoint,
    instance: InstanceKey,
    installation: Installation,
    client: OnceCell<Docker>,
    /// Held while a network is made: engines before API 1.44 let two have one name.
    network_lock: Mutex<()>,
    meter: Meter,
}

impl DockerEngine {
    /// An engine that is connected to when it is first used, and again whenever it was away.
    /// Images can be used at once, the rest when the installation is known.
    pub fn new(endpoint: Endpoint, instance: InstanceKey, installation: Installation) -> Self {
        Self {
            meter: Meter::new(matches!(endpoint, Endpoint::Unix(_))),
            endpoint,
            instance,
            installation,
            client: OnceCell::new(),
            network_lock: Mutex::new(()),
        }
    }

    async fn connect(&self) -> EngineResult<Connection> {
        let client = self
            .client
            .get_or_try_init(|| async { self.endpoint.client()?.negotiate_version().await });
        let docker = client.await.map_err(|error| error::map(error, READ_TIMEOUT))?;
        let (instance, installation) = (self.instance.clone(), self.installation.clone());
        Ok(Connection::new(docker.clone(), instance, installation))
    }

    /// Runs a command in a container that Berth did not make, by its name, and keeps so many bytes of each of its outputs.
    /// Nothing if the container does not run.
    pub async fn exec_named(
        &self,
        container: &str,
        argv: Vec<String>,
        limits: (Duration, usize),
    ) -> EngineResult<Option<ExecOutput>> {
        self.connect().await?.exec_up_to(container, argv, limits).await
    }

    /// What a container writes that Berth did not make, by its name. One that is not there writes nothing.
    pub async fn logs_named(&self, container: &str, query: LogQuery) -> EngineResult<EngineStream<LogLine>> {
        Ok(self.connect().await?.logs_of(container, query))
    }

    /// Runs a command in a container that Berth did not make, by its name, tells it `input`, and gives the lines that it says.
    /// It is to end when its standard input does, which is when the lines are dropped. Nothing if the container does not run.
    pub async fn dialogue_named(
        &self,
        container: &str,
        argv: Vec<String>,
        input: &[u8],
    ) -> EngineResult<Option<EngineStream<String>>> {
        self.connect().await?.dialogue(container, argv, input).await
    }
}

#[async_trait]
impl Engine for DockerEngine {
    async fn ping(&self) -> EngineResult<()> {
        self.connect().await?.ping().await
    }

    async fn info(&self) -> EngineResult<EngineInfo> {
        self.connect().await?.info().await
    }

    async fn observe_all(&self) -> EngineResult<Vec<Observed>> {
        self.connect().await?.observe_all().await
    }

    async fn observe(&self, server: &ServerKey) -> EngineResult<Observed> {
        self.connect().await?.observe(server).await
    }

    async fn ensure(&self, spec: &ContainerSpec) -> EngineResult<Observed> {
        self.connect().await?.ensure(spec).await
    }

    async fn set_limits(&self, server: &ServerKey, limits: Limits) -> EngineResult<Outcome> {
        let connection = self.connect().await?;
        let used = connection.stats(server).await?.map(|stats| stats.memory_bytes);
        connection.set_limits(server, limits, used).await
    }

    async fn start(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.connect().await?.start(server).await
    }

    async fn stop(&self, server: &ServerKey, grace: Duration) -> EngineResult<Outcome> {
        self.connect().await?.stop(server, grace).await
    }

    async fn stop_by_input(&self, server: &ServerKey, line: &str, grace: Duration) -> EngineResult<Outcome> {
        self.connect().await?.stop_by_input(server, line, grace).await
    }

    async fn kill(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.connect().await?.kill(server).await
    }

    async fn remove(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.connect().await?.remove(server).await
    }

    async fn ensure_network(&self, spec: &NetworkSpec) -> EngineResult<Network> {
        let connection = self.connect().await?;
        if let Some(network) = connection.known_network(spec).await? {
            return Ok(network);
        }
        let _one_at_a_time = self.network_lock.lock().await;
        connection.make_network(spec).await
    }

    async fn remove_network(&self, network: &NetworkKey) -> EngineResult<Outcome> {
        self.connect().await?.remove_network(network).await
    }

    async fn join_network(
        &self,
        server: &ServerKey,
        network: &NetworkKey,
        aliases: &[String],
    ) -> EngineResult<Outcome> {
        self.connect().await?.join_network(server, network, aliases).await
    }

    async fn leave_network(&self, server: &ServerKey, network: &NetworkKey) -> EngineResult<Outcome> {
        self.connect().await?.leave_network(server, network).await
    }

    async fn list_networks(&self) -> EngineResult<Vec<Network>> {
        self.connect().await?.list_networks().await
    }

    async fn ensure_volume(&self, spec: &VolumeSpec) -> EngineResult<Volume> {
        self.connect().await?.ensure_volume(spec).await
    }

    async fn remove_volume(&self, volume: &VolumeKey) -> EngineResult<Outcome> {
        self.connect().await?.remove_volume(volume).await
    }

    async fn list_volumes(&self) -> EngineResult<Vec<Volume>> {
        self.connect().await?.list_volumes().await
    }

    async fn volume_use(&self) -> EngineResult<Vec<VolumeUse>> {
        let connection = self.connect().await?;
        match self.endpoint {
            Endpoint::Unix(_) => connection.volume_use().await,
            Endpoint::Tcp(_) => Ok(Vec::new()),
        }
    }

    async fn ensure_guard(&self, spec: &GuardSpec) -> EngineResult<()> {
        self.connect().await?.ensure_guard(spec).await
    }

    async fn observe_guard(&self) -> EngineResult<GuardState> {
        self.connect().await?.observe_guard().await
    }

    async fn remove_guard(&self) -> EngineResult<Outcome> {
        self.connect().await?.remove_guard().await
    }

    async fn logs(&self, server: &ServerKey, query: LogQuery) -> EngineResult<EngineStream<LogLine>> {
        self.connect().await?.logs(server, query).await
    }

    async fn stats(&self, server: &ServerKey) -> EngineResult<Option<Stats>> {
        self.connect().await?.stats(server).await
    }

    async fn stats_all(&self, servers: &[ServerKey]) -> EngineResult<Vec<(ServerKey, Stats)>> {
        self.meter.read(&self.connect().await?, servers).await
    }

    async fn exec(
        &self,
        server: &ServerKey,
        argv: Vec<String>,
        timeout: Duration,
    ) -> EngineResult<ExecOutput> {
        self.connect().await?.exec(server, argv, timeout).await
    }

    async fn open_shell(
        &self,
        server: &ServerKey,
        shell: &ShellKey,
        size: TerminalSize,
    ) -> EngineResult<Terminal> {
        let connection = self.connect().await?;
        connection.open_shell(&self.endpoint, (server, shell), size).await
    }

    async fn end_shell(&self, server: &ServerKey, shell: &ShellKey) -> EngineResult<Outcome> {
        self.connect().await?.end_shell(server, shell).await
    }

    async fn attach(&self, server: &ServerKey, tail: u32) -> EngineResult<Terminal> {
        self.connect().await?.attach(&self.endpoint, server, tail).await
    }

    async fn resize(&self, terminal: &TerminalId, size: TerminalSize) -> EngineResult<()> {
        self.connect().await?.resize(terminal, size).await
    }

    async fn archive_get(&self, server: &ServerKey, path: &str) -> EngineResult<EngineStream<Bytes>> {
        self.connect().await?.archive_get(server, path).await
    }

    async fn archive_put(&self, server: &ServerKey, path: &str, tar: Bytes) -> EngineResult<()> {
        self.connect().await?.archive_put(server, path, tar).await
    }

    async fn image_exists(&self, tag: &str) -> EngineResult<bool> {
        self.connect().await?.image_exists(tag).await
    }

    async fn run_task(&self, task: &TaskSpec) -> EngineResult<EngineStream<TaskEvent>> {
        self.connect().await?.run_task(task).await
    }

    async fn copy_volumes(&self, copy: &CopySpec) -> EngineResult<EngineStream<CopyEvent>> {
        self.connect().await?.copy_volumes(copy).await
    }

    async fn run_helper(&self, spec: &HelperSpec) -> EngineResult<EngineStream<HelperEvent>> {
        self.connect().await?.run_helper(spec).await
    }

    async fn end_task(&self, server: &ServerKey) -> EngineResult<Outcome> {
        self.connect().await?.end_task(server).await
    }

    async fn pull_image(&self, tag: &str) -> EngineResult<EngineStream<BuildEvent>> {
        self.connect().await?.pull_image(tag)
    }

    async fn build_image(&self, request: BuildRequest) -> EngineResult<EngineStream<BuildEvent>> {
        self.connect().await?.build_image(request).await
    }

    async fn remove_image(&self, tag: &str) -> EngineResult<Outcome> {
        self.connect().await?.remove_image(tag).await
    }

    async fn list_images(&self) -> EngineResult<Vec<Image>> {
        self.connect().await?.list_images().await
    }

    async fn events(&self) -> EngineResult<EngineStream<EngineEvent>> {
        self.connect().await?.events().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endpoints_are_read_and_written_alike() {
        for text in ["unix:///var/run/docker.sock", "tcp://10.0.0.7:2375"] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "/var/run/docker.sock",
            "unix://docker.sock",
            "tcp://",
            "ssh://host",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
