//! The network guard: laws that every engine keeps, and what servers really reach on a real one.

use std::net::{IpAddr, TcpListener};
use std::process::Command;
use std::time::Duration;

use berth::drivers::engine::{
    ContainerSpec, EngineError, EventKind, GuardSpec, GuardState, Observed, Outcome, Port, Protocol, Subject,
    fake::Program,
};
use bollard::models::NetworkCreateRequest;
use futures_util::{StreamExt, future::join_all};

use super::docker_world::DockerWorld;
use super::outside::{ALLOWED, LISTED, METADATA, Outside};
use super::world::{PATIENCE, World, network, running, spec, tenant};

pub(super) fn guard(world: &dyn World) -> GuardSpec {
    GuardSpec {
        base_image: world.image(),
        blocked: vec![format!("{LISTED}/32")],
    }
}

pub(super) async fn the_guard_comes_and_goes(world: &dyn World) {
    let (engine, other, guard) = (world.engine(), world.other_panel(), guard(world));
    assert_eq!(engine.observe_guard().await.unwrap(), GuardState::Absent);
    let (one, two) = tokio::join!(engine.ensure_guard(&guard), other.ensure_guard(&guard));
    one.unwrap();
    two.unwrap();
    engine.ensure_guard(&guard).await.unwrap();
    assert_eq!(other.observe_guard().await.unwrap(), GuardState::Holds);
    let wider = GuardSpec {
        blocked: vec!["192.0.2.0/24".to_owned(), "2001:db8::/32".to_owned()],
        ..guard.clone()
    };
    engine.ensure_guard(&wider).await.unwrap();
    assert_eq!(engine.observe_guard().await.unwrap(), GuardState::Holds);
    let wrong = GuardSpec {
        blocked: vec!["0.0.0.0/0 }".to_owned()],
        ..guard
    };
    assert!(matches!(
        engine.ensure_guard(&wrong).await,
        Err(EngineError::Invalid(_))
    ));
    assert_eq!(engine.remove_guard().await.unwrap(), Outcome::Done);
    assert_eq!(engine.observe_guard().await.unwrap(), GuardState::Absent);
    assert_eq!(engine.remove_guard().await.unwrap(), Outcome::Gone);
}

pub(super) async fn a_foreign_guard_is_not_touched(world: &dyn World) {
    let (engine, name) = (world.engine(), format!("{}-guard", world.instance()));
    world.add_foreign(&name).await;
    let refused = [
        engine.ensure_guard(&guard(world)).await.err(),
        engine.observe_guard().await.err(),
        engine.remove_guard().await.err(),
    ];
    for error in refused {
        assert!(
            matches!(&error, Some(EngineError::Foreign { name: taken }) if *taken == name),
            "{error:?}"
        );
    }
    assert!(world.foreign_is_untouched(&name).await);
}

pub(super) async fn a_guard_is_no_server_but_tells_of_itself(world: &dyn World) {
    let engine = world.engine();
    let mut events = engine.events().await.unwrap();
    engine.ensure_guard(&guard(world)).await.unwrap();
    assert!(engine.observe_all().await.unwrap().is_empty());
    engine.remove_guard().await.unwrap();
    let mut kinds = Vec::new();
    while !kinds.contains(&EventKind::Destroyed) {
        let event = tokio::time::timeout(PATIENCE, events.next())
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        assert_eq!(event.about, Subject::Guard);
        kinds.push(event.kind);
    }
    assert_eq!(kinds[..2], [EventKind::Created, EventKind::Started]);
    assert!(kinds.contains(&EventKind::Died { exit_code: 0 }), "{kinds:?}");
}

/// A server of a tenant that answers on port 8080 with its name.
pub(super) async fn web(world: &DockerWorld, name: &str, of: &str) -> (ContainerSpec, Observed) {
    let mut spec = spec(world, name);
    spec.tenant = tenant(of);
    spec.network = network(of).key;
    spec.ports = vec![Port {
        container_port: 8080,
        protocol: Protocol::Tcp,
        host_ip: "0.0.0.0".parse().unwrap(),
        host_port: None,
    }];
    spec.command = Some(
        ["sh", "-c", &format!("exec nc -ll -p 8080 -e echo {name}")]
            .map(str::to_owned)
            .into(),
    );
    let engine = world.engine();
    engine.ensure_network(&network(of)).await.unwrap();
    engine.ensure(&spec).await.unwrap();
    engine.start(&spec.server).await.unwrap();
    let seen = engine.observe(&spec.server).await.unwrap();
    (spec, seen)
}

/// What a server is told at an address. A listener may need a moment after its start; a wall does not go away.
pub(super) async fn hears(world: &DockerWorld, from: &ContainerSpec, host: &str, port: u16) -> String {
    let tries = format!("for i in 1 2 3; do nc -w 1 {host} {port} </dev/null && exit; usleep 200000; done");
    let argv = ["sh", "-c", &tries].map(str::to_owned).into();
    let output = world.engine().exec(&from.server, argv, PATIENCE).await.unwrap();
    String::from_utf8(output.stdout.to_vec())
        .unwrap()
        .trim()
        .to_owned()
}

/// Something on the host that says "host" to everybody on all of its addresses.
pub(super) fn listen_on_the_host() -> u16 {
    use std::io::Write as _;
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for mut connection in listener.incoming().flatten() {
            drop(connection.write_all(b"host\n"));
        }
    });
    port
}

/// The address of the host on the server's own bridge.
async fn gateway(world: &DockerWorld, server: &ContainerSpec) -> String {
    let line = "ip route | sed -n 's/^default via \\([0-9.]*\\).*/\\1/p'";
    let argv = ["sh", "-c", line].map(str::to_owned).into();
    let output = world.engine().exec(&server.server, argv, PATIENCE).await.unwrap();
    String::from_utf8(output.stdout.to_vec())
        .unwrap()
        .trim()
        .to_owned()
}

/// A tenant's two servers, one of another tenant, the host, and a machine beyond it.
struct Town {
    world: DockerWorld,
    outside: Outside,
    ours: ContainerSpec,
    stranger: Observed,
    gateway: String,
    port: u16,
}

impl Town {
    async fn new() -> Self {
        let world = DockerWorld::new().await;
        let outside = Outside::new(&world).await;
        let (ours, _) = web(&world, "one", "a").await;
        web(&world, "two", "a").await;
        let (_, stranger) = web(&world, "three", "b").await;
        Self {
            gateway: gateway(&world, &ours).await,
            port: listen_on_the_host(),
            world,
            outside,
            ours,
            stranger,
        }
    }

    /// What a server hears, in order: from its neighbour by name, and from elsewhere. Then what it must not hear: from the
    /// host at two of its addresses, from metadata and a listed address beyond the host, from a stranger at its own address
    /// and as published.
    async fn hears(&self) -> Vec<String> {
        let stranger = self.stranger.ip_addresses[0].to_string();
        let published = self.stranger.ports[0].host_port;
        let asked = [
            ("two", 8080),
            (ALLOWED, 8080),
            (&self.gateway, self.port),
            (&self.outside.host, self.port),
            (METADATA, 8080),
            (LISTED, 8080),
            (&stranger, 8080),
            (&self.gateway, published),
        ];
        // A wall takes its time to be believed: all at once.
        join_all(asked.map(|(host, port)| hears(&self.world, &self.ours, host, port))).await
    }

    /// The same without the stranger's own address, which nobody but the guard keeps closed at every moment: whenever Docker makes
    /// a network it takes away the rule that parts bridges, and puts it back at the top (moby's `EnsureJumpRule`).
    async fn hears_all_but_the_stranger(&self) -> Vec<String> {
        let mut heard = self.hears().await;
        heard.remove(6);
        heard
    }

    async fn guard(&self) {
        self.world
            .engine()
            .ensure_guard(&guard(&self.world))
            .await
            .unwrap();
    }

    /// Until what the guard says is so.
    async fn until(&self, state: GuardState) {
        let wait = async {
            while self.world.engine().observe_guard().await.unwrap() != state {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(PATIENCE, wait).await.unwrap();
    }
}

const GUARDED: [&str; 8] = ["two", "outside", "", "", "", "", "", ""];

#[tokio::test]
async fn a_server_reaches_its_neighbours_and_the_world_and_nothing_of_the_host() {
    let town = Town::new().await;
    let open = town.hears_all_but_the_stranger().await;
    assert_eq!(
        open,
        ["two", "outside", "host", "host", "outside", "outside", "three"]
    );
    town.guard().await;
    assert_eq!(town.hears().await, GUARDED);
    let published = town.stranger.ports[0].host_port;
    let answer = tokio::task::spawn_blocking(move || read("127.0.0.1".parse().unwrap(), published));
    assert_eq!(answer.await.unwrap(), "three\n", "published ports answer");

    assert_eq!(town.world.engine().remove_guard().await.unwrap(), Outcome::Done);
    let without = town.hears_all_but_the_stranger().await;
    assert_eq!(without, open, "its rules went with it");
}

fn read(host: IpAddr, port: u16) -> String {
    use std::io::Read as _;
    let mut connection = std::net::TcpStream::connect((host, port)).unwrap();
    connection
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    answer
}

#[tokio::test]
async fn rules_outlive_the_guard_and_come_back_when_they_are_flushed() {
    let town = Town::new().await;
    town.guard().await;
    let name = format!("{}-guard", town.world.instance);
    town.world.docker.kill_container(&name, None).await.unwrap();
    assert_eq!(
        town.hears().await,
        GUARDED,
        "the guard is gone, its rules are not"
    );
    assert!(matches!(
        town.world.engine().observe_guard().await.unwrap(),
        GuardState::Fails(_)
    ));
    town.guard().await;
    let flush = format!("nft delete table inet {}", town.world.instance.table());
    town.world.shell_in(&name, &flush).await;
    town.until(GuardState::Holds).await;
    town.world.shell_in(&name, "guard check 10").await;
    assert_eq!(town.hears().await, GUARDED);
}

#[tokio::test]
async fn a_network_from_before_the_guard_is_behind_it_too() {
    let world = DockerWorld::new().await;
    let key = network("a").key;
    let labels = [
        ("berth.managed", "true"),
        ("berth.instance", world.instance.as_str()),
        ("berth.network", key.as_str()),
        ("berth.tenant", "ten_a"),
    ];
    let labels = labels.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let old = NetworkCreateRequest {
        name: world.instance.name(key.as_str()),
        labels: Some(labels.into()),
        ..Default::default()
    };
    world.docker.create_network(old).await.unwrap();
    let (ours, _) = web(&world, "one", "a").await;
    web(&world, "two", "a").await;
    let (gateway, port) = (gateway(&world, &ours).await, listen_on_the_host());
    assert_eq!(hears(&world, &ours, &gateway, port).await, "host");
    world.engine().ensure_guard(&guard(&world)).await.unwrap();
    assert_eq!(hears(&world, &ours, &gateway, port).await, "");
    assert_eq!(hears(&world, &ours, "two", 8080).await, "two");
}

#[tokio::test]
async fn the_guard_may_do_no_more_than_it_must() {
    let world = DockerWorld::new().await;
    world.engine().ensure_guard(&guard(&world)).await.unwrap();
    let name = format!("{}-guard", world.instance);
    let status = world.shell_in(&name, "cat /proc/1/status").await;
    // NET_ADMIN is bit 12.
    for expected in ["CapBnd:\t0000000000001000", "NoNewPrivs:\t1", "Seccomp:\t2"] {
        assert!(status.contains(expected), "{expected}: {status}");
    }
    assert_eq!(
        world
            .shell_in(&name, "touch /usr/x 2>/dev/null || echo refused")
            .await,
        "refused"
    );
}

/// Whether a server is told the address of a name that the engine itself does not know.
async fn finds_names(world: &DockerWorld, server: &ContainerSpec) -> bool {
    let argv = ["nslookup", "deb.debian.org"].map(str::to_owned).into();
    let output = world.engine().exec(&server.server, argv, PATIENCE).await.unwrap();
    output.exit_code == 0
}

#[tokio::test]
async fn names_are_found_though_the_name_servers_are_out_of_reach() {
    let world = DockerWorld::new().await;
    let mut spec = spec(&world, "a");
    world.program(&mut spec, Program::default());
    running(&world, &spec).await;
    assert!(finds_names(&world, &spec).await, "the machine has name servers");
    let hosts = std::fs::read_to_string("/etc/resolv.conf").unwrap();
    let servers = hosts.lines().filter_map(|line| line.strip_prefix("nameserver "));
    let servers: Vec<IpAddr> = servers
        .filter_map(|address| address.trim().parse().ok())
        .collect();
    let blocked = servers.iter().map(|address| match address {
        IpAddr::V4(address) => format!("{address}/32"),
        IpAddr::V6(address) => format!("{address}/128"),
    });
    let guard = GuardSpec {
        blocked: blocked.collect(),
        ..guard(&world)
    };
    assert!(!guard.blocked.is_empty());
    world.engine().ensure_guard(&guard).await.unwrap();
    assert!(finds_names(&world, &spec).await);
}

#[tokio::test]
async fn a_guard_that_is_replaced_leaves_no_gap() {
    let world = DockerWorld::new().await;
    let first = guard(&world);
    let second = GuardSpec {
        blocked: vec!["192.0.2.0/24".to_owned()],
        ..first.clone()
    };
    let engine = world.engine();
    engine.ensure_guard(&first).await.unwrap();
    let line = format!(
        "i=0; while [ $i -lt 500 ]; do nft list table inet {} >/dev/null || echo gap; i=$((i + 1)); done; echo looked",
        world.instance.table()
    );
    let mut watcher = Command::new("docker");
    watcher.args([
        "run",
        "--rm",
        "--network",
        "host",
        "--cap-add",
        "NET_ADMIN",
        "--entrypoint",
        "sh",
    ]);
    watcher.args([&first.image_tag(), "-c", &line]);
    let watching = std::thread::spawn(move || watcher.output().unwrap());
    let mut replaced = 0;
    while !watching.is_finished() {
        engine
            .ensure_guard([&second, &first][replaced % 2])
            .await
            .unwrap();
        replaced += 1;
    }
    let output = watching.join().unwrap();
    assert_eq!(
        String::from_utf8_lossy(&output.stdout).trim(),
        "looked",
        "{output:?}"
    );
    assert!(replaced > 1, "{replaced}");
}
