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

/// The name of its end of the cable.
const END: &str = "berth-outside";

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
        let addresses = format!("{METADATA} {LISTED} {ALLOWED}");
        let line = format!(
            "until ip link show {END} >/dev/null 2>&1; do usleep 50000; done; set -e; ip link set {END} up; \
             for a in {addresses}; do ip addr add $a/32 dev {END}; done; ip route add {HOST}/32 dev {END}; \
             exec nc -ll -p 8080 -e echo outside"
        );
        let alone = HostConfig {
            network_mode: Some("none".to_owned()),
            cap_add: Some(vec!["NET_ADMIN".to_owned()]),
            ..Default::default()
        };
        run(world, &name, &line, alone).await;
        let seen = world.docker.inspect_container(&name, None).await.unwrap();
        let pid = seen.state.unwrap().pid.unwrap();
        let cable = format!("bx{pid}");
        // This `ip` lets the kernel choose the other end's name.
        let lines = format!(
            "set -e; ip link add {cable} type veth; \
             end=$(ip link show {cable} | sed -n 's/.*@\\([^:]*\\):.*/\\1/p'); \
             ip link set $end name {END}; ip link set {END} netns {pid}; \
             ip addr add {HOST}/32 dev {cable}; ip link set {cable} up; \
             for a in {addresses}; do ip route add $a/32 dev {cable}; done"
        );
        let fitter = format!("{}-fitter", world.instance);
        let host = HostConfig {
            network_mode: Some("host".to_owned()),
            pid_mode: Some("host".to_owned()),
            cap_add: Some(vec!["NET_ADMIN".to_owned()]),
            ..Default::default()
        };
        run(world, &fitter, &lines, host).await;
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

async fn run(world: &DockerWorld, name: &str, line: &str, host: HostConfig) {
    let body = ContainerCreateBody {
        image: Some(IMAGE.to_owned()),
        cmd: Some(["sh", "-c", line].map(str::to_owned).into()),
        labels: Some([(RUN.to_owned(), world.instance.to_string())].into()),
        host_config: Some(host),
        ..Default::default()
    };
    let options = CreateContainerOptionsBuilder::default().name(name).build();
    world.docker.create_container(Some(options), body).await.unwrap();
    world.docker.start_container(name, None).await.unwrap();
}
