//! What a container may really do, seen from inside one on a real engine.

use std::{
    io::Read,
    net::{IpAddr, Ipv4Addr, TcpStream},
    time::Duration,
};

use berth::drivers::engine::{
    Capability, ContainerSpec, EventKind, ExecOutput, Observed, ObservedState, Port, Protocol, Subject, Tmpfs,
};
use futures_util::StreamExt;

use super::{
    docker_world::DockerWorld,
    guard::guard,
    world::{PATIENCE, World, network, running, spec, tenant, until},
};

async fn shell(world: &DockerWorld, spec: &ContainerSpec, line: &str) -> ExecOutput {
    let argv = ["sh", "-c", line].map(str::to_owned).into();
    world.engine().exec(&spec.server, argv, PATIENCE).await.unwrap()
}

fn command(spec: &mut ContainerSpec, line: &str) {
    spec.command = Some(["sh", "-c", line].map(str::to_owned).into());
}

#[tokio::test]
async fn nothing_can_be_gained_inside() {
    let world = DockerWorld::new().await;
    let mut spec = spec(&world, "a");
    spec.cap_add = vec![Capability::Chown];
    running(&world, &spec).await;
    let status = shell(&world, &spec, "cat /proc/self/status").await;
    let status = String::from_utf8(status.stdout.to_vec()).unwrap();
    // CHOWN is bit 0 and all that is left.
    for expected in [
        "CapBnd:\t0000000000000001",
        "CapEff:\t0000000000000001",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(expected), "{expected}: {status}");
    }
    assert_eq!(
        shell(&world, &spec, "mount -t tmpfs none /srv || mknod /tmp/a b 7 0")
            .await
            .exit_code,
        1
    );
}

#[tokio::test]
async fn a_read_only_root_leaves_a_small_tmpfs() {
    let world = DockerWorld::new().await;
    let mut spec = spec(&world, "a");
    spec.read_only_root = true;
    spec.tmpfs = vec![Tmpfs {
        path: "/tmp".to_owned(),
        size_bytes: 1 << 20,
        exec: false,
    }];
    running(&world, &spec).await;
    assert_ne!(shell(&world, &spec, "touch /srv/file").await.exit_code, 0);
    assert_eq!(
        shell(&world, &spec, "dd if=/dev/zero of=/tmp/file bs=1k count=900")
            .await
            .exit_code,
        0
    );
    let full = shell(&world, &spec, "dd if=/dev/zero of=/tmp/more bs=1k count=900").await;
    assert!(
        String::from_utf8_lossy(&full.stderr).contains("No space left"),
        "{full:?}"
    );
    let run = shell(
        &world,
        &spec,
        "rm /tmp/*; printf '#!/bin/sh\\n' > /tmp/run; chmod +x /tmp/run; /tmp/run",
    )
    .await;
    assert_eq!(run.exit_code, 126, "{run:?}");
}

#[tokio::test]
async fn memory_and_processes_are_limited() {
    let world = DockerWorld::new().await;
    let mut spec = spec(&world, "a");
    spec.pids_limit = 16;
    running(&world, &spec).await;
    let forks = shell(&world, &spec, "for i in $(seq 40); do sleep 100 & done").await;
    assert!(
        String::from_utf8_lossy(&forks.stderr).contains("can't fork"),
        "{forks:?}"
    );

    let mut hungry = super::world::spec(&world, "b");
    command(&mut hungry, "exec tail /dev/zero");
    let mut events = world.engine().events().await.unwrap();
    running(&world, &hungry).await;
    until(&world, &hungry.server, |seen| seen.restart_count > 0).await;
    let mut kinds = Vec::new();
    while !kinds.contains(&EventKind::Died { exit_code: 137 }) {
        let event = tokio::time::timeout(PATIENCE, events.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        kinds.extend((event.about == Subject::Server(hungry.server.clone())).then_some(event.kind));
    }
    assert!(kinds.contains(&EventKind::Oom), "{kinds:?}");
}

#[tokio::test]
async fn a_size_does_not_depend_on_the_host() {
    let world = DockerWorld::new().await;
    let mut spec = spec(&world, "a");
    spec.cpu_millis = 512_000;
    let seen = running(&world, &spec).await;
    assert_eq!(seen.state, ObservedState::Running);
}

#[tokio::test]
async fn the_environment_arrives_as_it_is() {
    let world = DockerWorld::new().await;
    let mut spec = spec(&world, "a");
    spec.env = [("GREETING", "two\nlines = \"ü\" $HOME"), ("EMPTY", "")]
        .into_iter()
        .collect();
    running(&world, &spec).await;
    let said = shell(&world, &spec, "printf %s \"$GREETING${EMPTY-unset}\"").await;
    assert_eq!(String::from_utf8_lossy(&said.stdout), "two\nlines = \"ü\" $HOME");
}

/// A server that answers on port 8080 with its name.
async fn web(world: &DockerWorld, name: &str, of: &str) -> (ContainerSpec, Observed) {
    let mut spec = spec(world, name);
    spec.tenant = tenant(of);
    spec.network = network(of).key;
    spec.ports = vec![Port {
        container_port: 8080,
        protocol: Protocol::Tcp,
        host_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        host_port: None,
    }];
    command(&mut spec, &format!("exec nc -ll -p 8080 -e echo {name}"));
    let engine = world.engine();
    engine.ensure_network(&network(of)).await.unwrap();
    engine.ensure(&spec).await.unwrap();
    engine.start(&spec.server).await.unwrap();
    let seen = engine.observe(&spec.server).await.unwrap();
    (spec, seen)
}

async fn reaches(world: &DockerWorld, from: &ContainerSpec, host: &str) -> String {
    // A server may need a moment after its start; a wall does not go away.
    let tries = format!("for i in 1 2 3 4; do nc -w 1 {host} 8080 </dev/null && exit; usleep 200000; done");
    String::from_utf8(shell(world, from, &tries).await.stdout.to_vec())
        .unwrap()
        .trim()
        .to_owned()
}

#[tokio::test]
async fn tenants_reach_themselves_and_nobody_else() {
    let world = DockerWorld::new().await;
    let (first, first_seen) = web(&world, "one", "a").await;
    let (second, _) = web(&world, "two", "a").await;
    let (stranger, stranger_seen) = web(&world, "three", "b").await;
    world.engine().ensure_guard(&guard(&world)).await.unwrap();
    assert_eq!(
        reaches(&world, &second, "one").await,
        "one",
        "by name in the same network"
    );
    let address = |seen: &Observed| seen.ip_addresses[0].to_string();
    assert_eq!(reaches(&world, &second, &address(&first_seen)).await, "one");
    assert_eq!(reaches(&world, &stranger, &address(&first_seen)).await, "");
    assert_eq!(reaches(&world, &stranger, "one").await, "");
    assert_eq!(reaches(&world, &first, &address(&stranger_seen)).await, "");
}

#[tokio::test]
async fn a_published_port_answers_on_its_address_only() {
    let world = DockerWorld::new().await;
    let (spec, seen) = web(&world, "one", "a").await;
    assert_eq!(reaches(&world, &spec, "localhost").await, "one");
    let port = seen.ports[0].host_port;
    let mut answer = String::new();
    let mut connection = TcpStream::connect(("127.0.0.1", port)).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    connection.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "one\n");
    assert!(TcpStream::connect(("127.0.0.2", port)).is_err());
}
