//! The hardening as a snapshot, the hash's promises, and what is refused.

use std::net::{IpAddr, Ipv4Addr};

use insta::assert_json_snapshot;
use proptest::{prop_assert_eq, proptest};

use super::*;
use crate::drivers::engine::{GuardSpec, InstallationKey, NetworkSpec, VolumeDriver, VolumeSpec};

fn owner() -> Owner {
    Owner {
        instance: InstanceKey::new("berth").unwrap(),
        installation: InstallationKey::new("ins_1").unwrap(),
    }
}

fn smallest() -> ContainerSpec {
    ContainerSpec {
        server: ServerKey::new("srv_1").unwrap(),
        tenant: TenantKey::new("ten_1").unwrap(),
        display_name: "Blog".to_owned(),
        image: "berth/site:1".to_owned(),
        command: None,
        env: Env::default(),
        labels: BTreeMap::new(),
        network: NetworkKey::new("ten_1").unwrap(),
        hostname: None,
        aliases: Vec::new(),
        ports: Vec::new(),
        volumes: Vec::new(),
        cpu_millis: 250,
        memory_bytes: 256 << 20,
        pids_limit: 128,
        cap_add: Vec::new(),
        read_only_root: false,
        tmpfs: Vec::new(),
        user: None,
        health: None,
        stop_signal: None,
        stop_grace: Duration::from_secs(10),
        open_stdin: false,
    }
}

fn port(container_port: u16, host_port: Option<u16>) -> Port {
    Port {
        container_port,
        protocol: Protocol::Tcp,
        host_ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        host_port,
    }
}

fn largest() -> ContainerSpec {
    let volume = |key: &str, path: &str, read_only| VolumeMount {
        volume: VolumeKey::new(key).unwrap(),
        path: path.to_owned(),
        read_only,
    };
    ContainerSpec {
        command: Some(vec!["/bin/site".to_owned(), "--listen".to_owned()]),
        env: [("SECRET", "hunter2"), ("NAME", "Blog")].into_iter().collect(),
        labels: BTreeMap::from([("template".to_owned(), "site".to_owned())]),
        hostname: Some("blog".to_owned()),
        aliases: vec!["blog".to_owned(), "www".to_owned()],
        ports: vec![
            port(80, Some(8080)),
            port(80, None),
            Port {
                protocol: Protocol::Udp,
                host_ip: "::1".parse().unwrap(),
                ..port(53, Some(5353))
            },
        ],
        volumes: vec![
            volume("vol_1", "/srv/data", false),
            volume("vol_2", "/srv/theme", true),
        ],
        cpu_millis: 4000,
        cap_add: vec![Capability::NetBindService, Capability::Chown],
        read_only_root: true,
        tmpfs: vec![Tmpfs {
            path: "/tmp".to_owned(),
            size_bytes: 16 << 20,
            exec: false,
        }],
        user: Some("1000:1000".to_owned()),
        health: Some(HealthCheck {
            test: HealthTest::Exec(vec!["/bin/check".to_owned()]),
            interval: Duration::from_secs(5),
            timeout: Duration::from_secs(2),
            retries: 3,
            start_period: Duration::ZERO,
        }),
        stop_signal: Some("SIGQUIT".to_owned()),
        stop_grace: Duration::from_millis(29_500),
        open_stdin: false,
        ..smallest()
    }
}

fn snapshot(name: &str, value: &impl serde::Serialize) {
    insta::with_settings!({sort_maps => true}, { assert_json_snapshot!(name, value) });
}

#[test]
fn the_hardening_is_reviewed() {
    snapshot("smallest", &smallest().to_container(&owner()).unwrap());
    snapshot("largest", &largest().to_container(&owner()).unwrap());
}

#[test]
fn a_tenants_network_is_a_bridge_of_its_own() {
    let network = NetworkSpec {
        key: NetworkKey::new("ten_1").unwrap(),
        tenant: TenantKey::new("ten_1").unwrap(),
        internal: false,
        subnet: Some("10.210.4.0/24".to_owned()),
    };
    snapshot("network", &network.to_network(&owner()));
}

#[test]
fn the_guard_may_set_rules_and_nothing_else() {
    let guard = GuardSpec {
        base_image: "debian:bookworm-slim".to_owned(),
        blocked: vec!["10.0.0.0/24".to_owned(), "fd00::/64".to_owned()],
    };
    let others = ["br-0123456789ab".to_owned()];
    snapshot("guard", &guard.to_container(&owner().instance, &others));
}

#[test]
fn a_volume_has_options_only_for_our_driver() {
    let volume = |driver| VolumeSpec {
        key: VolumeKey::new("vol_1").unwrap(),
        tenant: TenantKey::new("ten_1").unwrap(),
        server: Some(ServerKey::new("srv_1").unwrap()),
        driver,
        size_bytes: Some(10 << 30),
    };
    snapshot("volume_local", &volume(VolumeDriver::Local).to_volume(&owner()));
    let driver = "berth".to_owned();
    let ours = VolumeDriver::Berth {
        driver: driver.clone(),
    };
    snapshot("volume_berth", &volume(ours).to_volume(&owner()));
    let view = VolumeDriver::View {
        driver,
        of: VolumeKey::new("vol_0").unwrap(),
        snapshot: "snp_1".to_owned(),
    };
    snapshot("volume_view", &volume(view).to_volume(&owner()));
}

#[test]
fn the_hash_is_stable_across_releases() {
    insta::assert_snapshot!(
        "hash",
        format!("{}\n{}", smallest().hash().unwrap(), largest().hash().unwrap())
    );
}

#[test]
fn a_new_name_or_another_order_is_no_new_hash() {
    let mut same = largest();
    same.display_name = "Journal".to_owned();
    same.ports.reverse();
    same.volumes.reverse();
    same.cap_add.reverse();
    same.aliases.reverse();
    assert_eq!(same.hash().unwrap(), largest().hash().unwrap());
}

#[test]
fn what_changes_a_container_changes_the_hash() {
    let changes: [fn(&mut ContainerSpec); 9] = [
        |spec| spec.image.push('0'),
        |spec| spec.env = [("SECRET", "other")].into_iter().collect(),
        |spec| spec.memory_bytes += 1,
        |spec| spec.cpu_millis += 1,
        |spec| spec.ports[0].host_port = None,
        |spec| spec.volumes[0].read_only = true,
        |spec| spec.health = None,
        |spec| spec.command = None,
        |spec| spec.open_stdin = true,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        let mut spec = largest();
        change(&mut spec);
        assert_ne!(spec.hash().unwrap(), largest().hash().unwrap(), "change {number}");
    }
}

#[test]
fn debug_shows_no_value_of_the_environment() {
    let shown = format!("{:?}", largest());
    assert!(shown.contains("SECRET") && !shown.contains("hunter2"), "{shown}");
}

#[test]
fn a_spec_that_an_engine_would_misread_is_refused() {
    type Change = fn(&mut ContainerSpec);
    let changes: Vec<(&str, Change)> = vec![
        ("image", |spec| spec.image = "../info?x=".to_owned()),
        ("empty command", |spec| spec.command = Some(Vec::new())),
        ("env name", |spec| spec.env = [("A=B", "")].into_iter().collect()),
        ("env value", |spec| spec.env = [("A", "\0")].into_iter().collect()),
        ("our label", |spec| {
            drop(spec.labels.insert("berth.instance".to_owned(), String::new()));
        }),
        ("hostname", |spec| spec.hostname = Some("-a".to_owned())),
        ("alias", |spec| spec.aliases = vec!["a b".to_owned()]),
        ("port 0", |spec| spec.ports = vec![port(0, None)]),
        ("port twice", |spec| {
            spec.ports = vec![port(80, Some(1)), port(81, Some(1))];
        }),
        ("relative path", |spec| spec.volumes[0].path = "data".to_owned()),
        ("climbing path", |spec| {
            spec.volumes[0].path = "/a/../etc".to_owned();
        }),
        ("root", |spec| spec.volumes[0].path = "/".to_owned()),
        ("tmpfs options", |spec| {
            spec.tmpfs[0].path = "/tmp:exec".to_owned();
        }),
        ("mounted twice", |spec| {
            spec.tmpfs[0].path = "/srv/data".to_owned();
        }),
        ("tmpfs size", |spec| spec.tmpfs[0].size_bytes = 0),
        ("memory", |spec| spec.memory_bytes = 1024),
        ("cpu", |spec| spec.cpu_millis = 0),
        ("pids", |spec| spec.pids_limit = 0),
        ("user", |spec| spec.user = Some(String::new())),
        ("signal", |spec| spec.stop_signal = Some("rm -rf".to_owned())),
        ("grace", |spec| spec.stop_grace = Duration::from_hours(1)),
        ("health", |spec| spec.health.as_mut().unwrap().retries = 0),
    ];
    for (what, change) in changes {
        let mut spec = largest();
        change(&mut spec);
        assert!(
            matches!(spec.to_container(&owner()), Err(EngineError::Invalid(_))),
            "{what}"
        );
    }
}

#[test]
fn capabilities_that_reach_the_host_have_no_name() {
    assert_eq!(
        "cap_net_bind_service".parse::<Capability>().unwrap(),
        Capability::NetBindService
    );
    for name in ["SYS_ADMIN", "MKNOD", "NET_ADMIN", "SYS_PTRACE", "ALL", ""] {
        assert!(name.parse::<Capability>().is_err(), "{name}");
    }
}

proptest! {
    #[test]
    fn no_input_makes_it_fail_except_by_saying_so(
        image in ".{0,40}", path in ".{0,40}", name in ".{0,20}", memory: u64, cpu: u32, grace: u64,
    ) {
        let mut spec = largest();
        spec.image = image;
        spec.volumes[0].path = path;
        spec.hostname = Some(name);
        spec.memory_bytes = memory;
        spec.cpu_millis = cpu;
        spec.stop_grace = Duration::from_secs(grace);
        let valid = spec.validate().is_ok();
        prop_assert_eq!(spec.to_container(&owner()).is_ok(), valid);
    }
}
