//! What a law of the contract works with.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use berth::drivers::engine::{
    ContainerSpec, Engine, Env, NetworkKey, NetworkSpec, Observed, ObservedState, ServerKey, TenantKey,
    VolumeDriver, VolumeKey, VolumeMount, VolumeSpec, fake::Program,
};
use futures_util::StreamExt;

/// Long enough for a busy machine; nothing waits for it when all is well.
pub(super) const PATIENCE: Duration = Duration::from_mins(1);

/// An engine with an image to run, and the means to do things behind its back.
#[async_trait]
pub(super) trait World: Send + Sync {
    /// The engine under test.
    fn engine(&self) -> Arc<dyn Engine>;
    /// The same engine, as another panel process sees it.
    fn other_panel(&self) -> Arc<dyn Engine>;
    /// The tag of an image that is there and is not ours.
    fn image(&self) -> String;
    /// What the instance is called.
    fn instance(&self) -> String;
    /// Makes a server's process do something else than run until it is stopped.
    fn program(&self, spec: &mut ContainerSpec, program: Program);
    /// Lets a server's health check succeed.
    async fn heal(&self, server: &ServerKey);
    /// Puts somebody else's running container, network and volume under a name.
    async fn add_foreign(&self, name: &str);
    /// Whether they are still there, the container running.
    async fn foreign_is_untouched(&self, name: &str) -> bool;
    /// Lets the engine go away.
    async fn go_away(&self);
    /// Lets it come back.
    async fn come_back(&self);
}

pub(super) fn server(name: &str) -> ServerKey {
    ServerKey::new(format!("srv_{name}")).unwrap()
}

pub(super) fn tenant(name: &str) -> TenantKey {
    TenantKey::new(format!("ten_{name}")).unwrap()
}

pub(super) fn network(name: &str) -> NetworkSpec {
    let key = NetworkKey::new(format!("net_{name}")).unwrap();
    NetworkSpec {
        key,
        tenant: tenant(name),
        internal: false,
        subnet: None,
    }
}

pub(super) fn volume(name: &str) -> VolumeSpec {
    VolumeSpec {
        key: VolumeKey::new(format!("vol_{name}")).unwrap(),
        tenant: tenant("a"),
        server: Some(server(name)),
        driver: VolumeDriver::Local,
        size_bytes: Some(1 << 30),
    }
}

pub(super) fn mount(volume: &VolumeSpec, path: &str) -> VolumeMount {
    VolumeMount {
        volume: volume.key.clone(),
        path: path.to_owned(),
        read_only: false,
    }
}

/// A small server of tenant `a` in network `a`.
pub(super) fn plain_spec(name: &str, image: &str) -> ContainerSpec {
    ContainerSpec {
        server: server(name),
        tenant: tenant("a"),
        display_name: format!("Server {name}"),
        image: image.to_owned(),
        command: None,
        env: Env::default(),
        labels: std::collections::BTreeMap::default(),
        network: network("a").key,
        hostname: None,
        aliases: vec![name.to_owned()],
        ports: Vec::new(),
        volumes: Vec::new(),
        cpu_millis: 500,
        memory_bytes: 64 << 20,
        pids_limit: 64,
        cap_add: Vec::new(),
        read_only_root: false,
        tmpfs: Vec::new(),
        user: None,
        health: None,
        stop_signal: None,
        stop_grace: Duration::from_secs(5),
        open_stdin: false,
    }
}

/// The same with the world's image, running until it is stopped.
pub(super) fn spec(world: &dyn World, name: &str) -> ContainerSpec {
    let mut spec = plain_spec(name, &world.image());
    world.program(&mut spec, Program::default());
    spec
}

/// Makes the network of tenant `a` and a server in it, and starts that.
pub(super) async fn running(world: &dyn World, spec: &ContainerSpec) -> Observed {
    made(world, spec).await;
    world.engine().start(&spec.server).await.unwrap();
    until(world, &spec.server, |seen| seen.state != ObservedState::Created).await
}

/// Makes the network of tenant `a` and a server in it.
pub(super) async fn made(world: &dyn World, spec: &ContainerSpec) -> Observed {
    let engine = world.engine();
    engine.ensure_network(&network("a")).await.unwrap();
    engine.ensure(spec).await.unwrap()
}

/// What the engine says of a server as soon as that is so.
pub(super) async fn until(world: &dyn World, server: &ServerKey, so: impl Fn(&Observed) -> bool) -> Observed {
    let engine = world.engine();
    let mut events = engine.events().await.unwrap();
    let mut last = None;
    let wait = async {
        loop {
            let seen = engine.observe(server).await.unwrap();
            if so(&seen) {
                return seen;
            }
            last = Some(seen);
            // Not every change makes an event.
            drop(tokio::time::timeout(Duration::from_millis(200), events.next()).await);
        }
    };
    let seen = tokio::time::timeout(PATIENCE, wait).await;
    seen.unwrap_or_else(|_| panic!("it never became so: {last:?}"))
}

/// A tar of files.
pub(super) fn tar(files: &[(&str, &[u8])]) -> bytes::Bytes {
    let mut tar = tar::Builder::new(Vec::new());
    for (name, content) in files {
        let mut header = tar::Header::new_gnu();
        header.set_mode(0o644);
        header.set_size(content.len() as u64);
        tar.append_data(&mut header, name, *content).unwrap();
    }
    tar.into_inner().unwrap().into()
}
