//! A machine beyond the host, for what servers may and must not reach there: a network of its own behind a cable to the
//! host. All of it goes with its container.

use bollard::models::{ContainerCreateBody, HostConfig};
use bollard::query_parameters::{CreateContainerOptionsBuilder, WaitContainerOptionsBuilder};
use futures_util::StreamExt;

use super::docker_world::{DockerWorld, IMAGE, RUN};

/// A cloud's metadata, so to say: link-local, and of an address that no real one has.
pub(super) const METADATA: &str = "169.254.87.69";
/// An address that the provider lists (RFC 2544, as the two below).
pub(super) const LISTED: &str = "198.18.69.2";
/// One that nobody minds.
pub(super) const ALLOWED: &str = "198.18.69.3";
/// The host's end of the cable.
const HOST: &str = "198.18.69.1";

/// The machine, answering "outside" on port 8080 of its addresses.
pub(super) struct Outside {
    /// Another address of the host than that of a bridge.
    pub(super) host: String,
    // One at a time on this machine: they share addresses.
    _turn: std::fs::File,
}

impl Outside {
    pub(super) async fn new(world: &DockerWorld) -> Self {
        let turn = std::fs::File::create(std::env::temp_dir().join("berth-test-outside.lock")).unwrap();
        let turn = tokio::task::spawn_blocking(move || turn.lock().map(|()| turn)).await;
        let name = format!("{}-outside", world.instance);
        let line = "exec nc -ll -p 8080 -e echo outside";
        run(world, &name, line, None).await;
        let seen = world.docker.inspect_container(&name, None).await.unwrap();
        let pid = seen.state.unwrap().pid.unwrap();
        let cable = format!("bx{pid}");
        let lines = format!(
            "set -e; ip link add {cable} type veth peer name {cable}o; ip link set {cable}o netns {pid}; \
             ip addr add {HOST}/32 dev {cable}; ip link set {cable} up; \
             for a in {METADATA} {LISTED} {ALLOWED}; do \
               nsenter -t {pid} -n ip addr add $a/32 dev {cable}o; done; \
             nsenter -t {pid} -n ip link set {cable}o up; \
             nsenter -t {pid} -n ip route add {HOST}/32 dev {cable}o; \
             for a in {METADATA} {LISTED} {ALLOWED}; do ip route replace $a/32 dev {cable}; done"
        );
        let fitter = format!("{}-fitter", world.instance);
        let host = HostConfig {
            network_mode: Some("host".to_owned()),
            pid_mode: Some("host".to_owned()),
            privileged: Some(true),
            ..Default::default()
        };
        run(world, &fitter, &lines, Some(host)).await;
        let options = WaitContainerOptionsBuilder::default()
            .condition("not-running")
            .build();
        let ended = world
            .docker
            .wait_container(&fitter, Some(options))
            .next()
            .await
            .unwrap();
        assert_eq!(ended.unwrap().status_code, 0, "the cable");
        Self {
            host: HOST.to_owned(),
            _turn: turn.unwrap().unwrap(),
        }
    }
}

async fn run(world: &DockerWorld, name: &str, line: &str, host: Option<HostConfig>) {
    let alone = HostConfig {
        network_mode: Some("none".to_owned()),
        ..Default::default()
    };
    let body = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        cmd: Some(["sh", "-c", line].map(str::to_owned).into()),
        labels: Some([(RUN.to_owned(), world.instance.to_string())].into()),
        host_config: Some(host.unwrap_or(alone)),
        ..Default::default()
    };
    let options = CreateContainerOptionsBuilder::default().name(name).build();
    world.docker.create_container(Some(options), body).await.unwrap();
    world.docker.start_container(name, None).await.unwrap();
}
