//! From our words to the engine's. The only place that decides what a container may do.

use std::{
    collections::{BTreeSet, HashMap},
    time::Duration,
};

use bollard::models::{
    ContainerCreateBody, ContainerUpdateBody, EndpointSettings, HealthConfig, HostConfig,
    HostConfigCgroupnsModeEnum, HostConfigLogConfig, Ipam, IpamConfig, Mount, MountType,
    NetworkCreateRequest, NetworkingConfig, PortBinding, RestartPolicy, RestartPolicyNameEnum,
    VolumeCreateRequest,
};

use super::{
    ContainerSpec, HealthCheck, HealthTest, InstanceKey, Limits, Owner, Port, Tmpfs, VolumeMount, label,
};
use crate::drivers::engine::{EngineResult, NetworkSpec, VolumeDriver, VolumeSpec};

/// The scheduler's usual period: shorter ones cost, longer ones stutter.
const CPU_PERIOD_MICROS: i64 = 100_000;
/// Between 0 (like any process) and 1000 (first to go): before the engine and the panel.
const OOM_SCORE_ADJ: i64 = 500;
const LOG_MAX_SIZE: &str = "10m";
const LOG_MAX_FILES: &str = "3";

impl ContainerSpec {
    /// The request that makes this container.
    pub fn to_container(&self, owner: &Owner) -> EngineResult<ContainerCreateBody> {
        self.validate()?;
        Ok(ContainerCreateBody {
            hostname: self.hostname.clone(),
            user: self.user.clone(),
            exposed_ports: Some(
                self.ports
                    .iter()
                    .map(exposed)
                    .collect::<BTreeSet<_>>()
                    .into_iter()
                    .collect(),
            ),
            env: Some(
                self.env
                    .iter()
                    .map(|(name, value)| format!("{name}={value}"))
                    .collect(),
            ),
            cmd: self.command.clone(),
            open_stdin: self.open_stdin.then_some(true),
            healthcheck: self.health.as_ref().map(health),
            image: Some(self.image.clone()),
            labels: Some(self.all_labels(owner)?),
            stop_signal: self.stop_signal.clone(),
            stop_timeout: Some(whole_seconds(self.stop_grace)),
            host_config: Some(self.host_config(owner)),
            networking_config: Some(self.networking(owner)),
            ..Default::default()
        })
    }

    fn all_labels(&self, owner: &Owner) -> EngineResult<HashMap<String, String>> {
        let mut labels: HashMap<_, _> = self.labels.clone().into_iter().collect();
        labels.extend(owner.labels());
        labels.insert(label::SERVER.to_owned(), self.server.to_string());
        labels.insert(label::TENANT.to_owned(), self.tenant.to_string());
        labels.insert(label::NAME.to_owned(), self.display_name.clone());
        labels.insert(label::SPEC.to_owned(), self.hash()?);
        labels.insert(label::SHAPE.to_owned(), self.shape()?);
        Ok(labels)
    }

    /// The request that gives a container other limits while it runs.
    pub(in super::super) fn to_update(limits: Limits) -> ContainerUpdateBody {
        ContainerUpdateBody {
            memory: Some(signed(limits.memory_bytes)),
            memory_swap: Some(signed(limits.memory_bytes)),
            cpu_period: Some(CPU_PERIOD_MICROS),
            cpu_quota: Some(quota(limits)),
            ..Default::default()
        }
    }

    fn host_config(&self, owner: &Owner) -> HostConfig {
        HostConfig {
            memory: Some(signed(self.memory_bytes)),
            memory_swap: Some(signed(self.memory_bytes)),
            cpu_period: Some(CPU_PERIOD_MICROS),
            cpu_quota: Some(quota(self.limits())),
            pids_limit: Some(i64::from(self.pids_limit)),
            oom_score_adj: Some(OOM_SCORE_ADJ),
            init: Some(true),
            log_config: Some(logs()),
            network_mode: Some(owner.name(self.network.as_str())),
            port_bindings: Some(bindings(&self.ports)),
            restart_policy: Some(RestartPolicy {
                name: Some(RestartPolicyNameEnum::UNLESS_STOPPED),
                maximum_retry_count: None,
            }),
            mounts: Some(self.volumes.iter().map(|volume| mount(volume, owner)).collect()),
            cap_drop: Some(vec!["ALL".to_owned()]),
            cap_add: Some(
                self.cap_add
                    .iter()
                    .map(|capability| capability.as_str().to_owned())
                    .collect(),
            ),
            security_opt: Some(vec!["no-new-privileges:true".to_owned()]),
            privileged: Some(false),
            readonly_rootfs: Some(self.read_only_root),
            tmpfs: Some(self.tmpfs.iter().map(tmpfs).collect()),
            ipc_mode: Some("private".to_owned()),
            cgroupns_mode: Some(HostConfigCgroupnsModeEnum::PRIVATE),
            ..Default::default()
        }
    }

    fn networking(&self, owner: &Owner) -> NetworkingConfig {
        let endpoint = EndpointSettings {
            aliases: Some(self.aliases.clone()),
            ..Default::default()
        };
        NetworkingConfig {
            endpoints_config: Some(HashMap::from([(owner.name(self.network.as_str()), endpoint)])),
        }
    }
}

impl NetworkSpec {
    /// The request that makes this network: a bridge of its own, to which Docker lets no other bridge talk, with a name
    /// by which the guard knows it. What is published without an address of the host (nothing, by [`Port`]) would be on
    /// the loopback only.
    pub fn to_network(&self, owner: &Owner) -> NetworkCreateRequest {
        let mut labels: HashMap<_, _> = owner.labels().into();
        labels.insert(label::NETWORK.to_owned(), self.key.to_string());
        labels.insert(label::TENANT.to_owned(), self.tenant.to_string());
        let option =
            |name: &str, value: &str| (format!("com.docker.network.bridge.{name}"), value.to_owned());
        NetworkCreateRequest {
            name: owner.name(self.key.as_str()),
            driver: Some("bridge".to_owned()),
            internal: Some(self.internal),
            attachable: Some(false),
            enable_ipv6: Some(false),
            ipam: self.subnet.as_ref().map(|subnet| Ipam {
                config: Some(vec![IpamConfig {
                    subnet: Some(subnet.clone()),
                    ..Default::default()
                }]),
                ..Default::default()
            }),
            options: Some(HashMap::from([
                option("host_binding_ipv4", "127.0.0.1"),
                option("name", &owner.instance.bridge(&self.key)),
                option("enable_icc", "true"),
            ])),
            labels: Some(labels),
            ..Default::default()
        }
    }
}

impl VolumeSpec {
    /// The request that makes this volume. The engine's own driver gets no options: with them it could mount a path
    /// of the host.
    pub fn to_volume(&self, owner: &Owner) -> VolumeCreateRequest {
        let mut labels: HashMap<_, _> = owner.labels().into();
        labels.insert(label::VOLUME.to_owned(), self.key.to_string());
        labels.insert(label::TENANT.to_owned(), self.tenant.to_string());
        labels.extend(
            self.server
                .iter()
                .map(|server| (label::SERVER.to_owned(), server.to_string())),
        );
        let (driver, options) = match &self.driver {
            VolumeDriver::Local => ("local", HashMap::new()),
            VolumeDriver::Berth { driver } => (driver.as_str(), self.plugin_options()),
            VolumeDriver::View { driver, of, snapshot } => {
                let of = owner.name(of.as_str());
                let options = [("of".to_owned(), of), ("snapshot".to_owned(), snapshot.clone())];
                (driver.as_str(), HashMap::from(options))
            }
        };
        VolumeCreateRequest {
            name: Some(owner.name(self.key.as_str())),
            driver: Some(driver.to_owned()),
            driver_opts: Some(options),
            labels: Some(labels),
            ..Default::default()
        }
    }

    fn plugin_options(&self) -> HashMap<String, String> {
        let mut options = HashMap::from([("tenant".to_owned(), self.tenant.to_string())]);
        options.extend(
            self.size_bytes
                .map(|bytes| ("size".to_owned(), bytes.to_string())),
        );
        options
    }
}

/// The labels of whatever an instance makes, images too.
pub(in super::super) fn ours(instance: &InstanceKey) -> [(String, String); 2] {
    [
        (label::MANAGED.to_owned(), "true".to_owned()),
        (label::INSTANCE.to_owned(), instance.to_string()),
    ]
}

fn quota(limits: Limits) -> i64 {
    i64::from(limits.cpu_millis) * CPU_PERIOD_MICROS / 1000
}

fn exposed(port: &Port) -> String {
    format!("{}/{}", port.container_port, port.protocol)
}

fn bindings(ports: &[Port]) -> HashMap<String, Option<Vec<PortBinding>>> {
    let mut bindings: HashMap<String, Option<Vec<PortBinding>>> = HashMap::new();
    for port in ports {
        bindings
            .entry(exposed(port))
            .or_default()
            .get_or_insert_default()
            .push(PortBinding {
                host_ip: Some(port.host_ip.to_string()),
                host_port: Some(
                    port.host_port
                        .map(|number| number.to_string())
                        .unwrap_or_default(),
                ),
            });
    }
    bindings
}

fn mount(mount: &VolumeMount, owner: &Owner) -> Mount {
    Mount {
        typ: Some(MountType::VOLUME),
        source: Some(owner.name(mount.volume.as_str())),
        target: Some(mount.path.clone()),
        read_only: Some(mount.read_only),
        ..Default::default()
    }
}

fn tmpfs(tmpfs: &Tmpfs) -> (String, String) {
    (
        tmpfs.path.clone(),
        format!(
            "rw,nosuid,nodev,{},size={},mode=1777",
            if tmpfs.exec { "exec" } else { "noexec" },
            tmpfs.size_bytes
        ),
    )
}

/// `json-file`, because its files can be read when the engine is down.
pub(super) fn logs() -> HostConfigLogConfig {
    let option = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    HostConfigLogConfig {
        typ: Some("json-file".to_owned()),
        config: Some(HashMap::from([
            option("max-size", LOG_MAX_SIZE),
            option("max-file", LOG_MAX_FILES),
        ])),
    }
}

pub(super) fn health(check: &HealthCheck) -> HealthConfig {
    let test = match &check.test {
        HealthTest::Exec(argv) => std::iter::once("CMD".to_owned())
            .chain(argv.iter().cloned())
            .collect(),
        HealthTest::Shell(line) => vec!["CMD-SHELL".to_owned(), line.clone()],
    };
    HealthConfig {
        test: Some(test),
        interval: Some(nanos(check.interval)),
        timeout: Some(nanos(check.timeout)),
        retries: Some(i64::from(check.retries)),
        start_period: Some(nanos(check.start_period)),
        start_interval: None,
    }
}

fn nanos(time: Duration) -> i64 {
    i64::try_from(time.as_nanos()).unwrap_or(i64::MAX)
}

/// The engine counts graces in seconds; less than one would be a kill.
pub(in super::super) fn whole_seconds(time: Duration) -> i64 {
    let rounded = time.as_secs() + u64::from(time.subsec_nanos() > 0);
    signed(rounded)
}

fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
