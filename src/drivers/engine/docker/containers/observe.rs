//! Looking at containers.

use std::{collections::BTreeSet, net::IpAddr, str::FromStr};

use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::{StreamExt, TryStreamExt, stream};

use super::super::super::{
    EngineError, EngineResult, Health, Limits, NetworkKey, Observed, ObservedState, Owner, Protocol,
    PublishedPort, ServerKey, spec::label,
};
use super::super::{connection::Connection, error, raw};

/// How many containers are asked about at once.
const AT_ONCE: usize = 16;
/// How many characters of a check's last line are kept: a sentence, and no more.
const COMPLAINT: usize = 200;

impl Connection {
    /// The server's container if there is one, or an error if its name belongs to somebody else.
    pub(in super::super) async fn find(&self, server: &ServerKey) -> EngineResult<Option<raw::Container>> {
        let name = self.instance.name(server.as_str());
        let Some(container) = self.inspect(&name).await? else {
            return Ok(None);
        };
        let labels = &container.config.labels;
        self.owner()?.demand(&name, labels)?;
        // Containers inherit labels of their image, so ours on an image alone makes no container ours.
        let its_server = labels
            .get(label::SERVER)
            .is_some_and(|value| value == server.as_str());
        if its_server {
            Ok(Some(container))
        } else {
            Err(EngineError::Foreign { name })
        }
    }

    /// The container with a name or id, whoever made it.
    pub(in super::super) async fn inspect(&self, name: &str) -> EngineResult<Option<raw::Container>> {
        match raw::read(self.docker.inspect_container(name, None).await) {
            Ok(container) => Ok(Some(container)),
            Err(failure) if error::status(&failure) == Some(404) => Ok(None),
            Err(failure) => Err(self.failure(failure)),
        }
    }

    pub(in super::super) async fn observe(&self, server: &ServerKey) -> EngineResult<Observed> {
        let found = self.find(server).await?;
        Ok(found.map_or_else(
            || Observed::gone(server.clone()),
            |container| observed(server.clone(), container),
        ))
    }

    pub(in super::super) async fn observe_all(&self) -> EngineResult<Vec<Observed>> {
        let options = ListContainersOptionsBuilder::default()
            .all(true)
            .filters(&self.mine())
            .build();
        let answer = self.docker.list_containers(Some(options)).await;
        let list: Vec<raw::Summary> = raw::read(answer).map_err(|failure| self.failure(failure))?;
        let owner = self.owner()?;
        let named = list
            .into_iter()
            .filter_map(|line| Some((server_of(&line, &owner)?, line)));
        stream::iter(named)
            .map(|(server, line)| self.observe_listed(server, line))
            .buffer_unordered(AT_ONCE)
            .try_filter_map(|observed| async { Ok(observed) })
            .try_collect()
            .await
    }

    /// What the list cannot tell: health, exit code, times. Nothing if it was removed meanwhile.
    async fn observe_listed(&self, server: ServerKey, line: raw::Summary) -> EngineResult<Option<Observed>> {
        match self.inspect(&line.id).await {
            Ok(container) => Ok(container.map(|container| observed(server, container))),
            Err(error @ EngineError::Unavailable(_)) => Err(error),
            Err(error) => {
                tracing::warn!(%server, container = line.id, %error, "the engine does not describe a container");
                Ok(Some(Observed {
                    state: ObservedState::Unknown(line.state),
                    is_marked: is_marked(&line.labels),
                    spec_hash: line.labels.get(label::SPEC).cloned(),
                    container_id: Some(line.id),
                    image: Some(line.image),
                    ..Observed::gone(server)
                }))
            }
        }
    }
}

/// Whose container a line of the list is, if it is this owner's and has the name that we give.
pub(in super::super) fn server_of(line: &raw::Summary, owner: &Owner) -> Option<ServerKey> {
    let server = ServerKey::new(line.labels.get(label::SERVER)?.as_str()).ok()?;
    let name = owner.name(server.as_str());
    owner.demand(&name, &line.labels).ok()?;
    line.names
        .iter()
        .any(|listed| listed.trim_start_matches('/') == name)
        .then_some(server)
}

/// Whether a container of ours was made since installations have ids.
fn is_marked(labels: &raw::Labels) -> bool {
    labels.contains_key(label::INSTALLATION)
}

/// Our words for what the engine says.
pub(super) fn observed(server: ServerKey, container: raw::Container) -> Observed {
    let spec_hash = stamp(&container);
    let raw::Container {
        id,
        restart_count,
        state,
        config,
        network,
        host: _,
    } = container;
    let running = matches!(state.status.as_str(), "running" | "paused");
    Observed {
        server,
        health: if running {
            health(&state.health.status)
        } else {
            Health::None
        },
        complaint: complaint(&state.health.log).filter(|_| running),
        is_marked: is_marked(&config.labels),
        spec_hash,
        container_id: Some(id),
        image: Some(config.image),
        started_at: raw::moment(&state.started_at),
        finished_at: raw::moment(&state.finished_at),
        last_end: (state.status == "restarting").then_some((state.exit_code, state.oom_killed)),
        restart_count,
        ip_addresses: addresses(&network),
        networks: networks(&network, &config.labels),
        ports: published(&network),
        state: word(state),
    }
}

/// What a container was made from, with its limits as they are now.
pub(super) fn stamp(container: &raw::Container) -> Option<String> {
    let labels = &container.config.labels;
    match labels.get(label::SHAPE) {
        Some(shape) => Some(limits(&container.host).stamp(shape)),
        None => labels.get(label::SPEC).cloned(),
    }
}

pub(super) fn limits(host: &raw::HostConfig) -> Limits {
    let period = host.cpu_period.max(1);
    Limits {
        cpu_millis: u32::try_from(host.cpu_quota.saturating_mul(1000) / period).unwrap_or(u32::MAX),
        memory_bytes: host.memory,
    }
}

fn word(state: raw::State) -> ObservedState {
    match state.status.as_str() {
        "created" => ObservedState::Created,
        "running" => ObservedState::Running,
        "paused" => ObservedState::Paused,
        "restarting" => ObservedState::Restarting,
        "exited" => ObservedState::Exited {
            exit_code: state.exit_code,
            oom_killed: state.oom_killed,
        },
        "dead" => ObservedState::Dead,
        _ => ObservedState::Unknown(state.status),
    }
}

/// Our word for what a health check says.
pub(in super::super) fn health(status: &str) -> Health {
    match status {
        "starting" => Health::Starting,
        "healthy" => Health::Healthy,
        "unhealthy" => Health::Unhealthy,
        _ => Health::None,
    }
}

/// What the check printed last, if it failed. The engine's own words, where it could not even begin, are such a line as well.
fn complaint(log: &[raw::Probe]) -> Option<String> {
    let last = log.last().filter(|probe| probe.exit_code != 0)?;
    let line = last
        .output
        .lines()
        .map(str::trim)
        .rfind(|line| !line.is_empty())?;
    let plain = line.chars().filter(|letter| !letter.is_control());
    Some(plain.take(COMPLAINT).collect())
}

fn addresses(network: &raw::NetworkSettings) -> Vec<IpAddr> {
    let texts = network
        .networks
        .values()
        .flat_map(|attached| [&attached.ipv4, &attached.ipv6]);
    texts.filter_map(|text| text.parse().ok()).collect()
}

/// By their names on the engine, which begin with the instance's: what else somebody put the container into is theirs.
fn networks(network: &raw::NetworkSettings, labels: &raw::Labels) -> BTreeSet<NetworkKey> {
    let Some(instance) = labels.get(label::INSTANCE) else {
        return BTreeSet::new();
    };
    let key = |name: &String| {
        let key = name.strip_prefix(instance.as_str())?.strip_prefix('-')?;
        NetworkKey::new(key).ok()
    };
    network.networks.keys().filter_map(key).collect()
}

fn published(network: &raw::NetworkSettings) -> Vec<PublishedPort> {
    let each = network.ports.iter().flat_map(|(port, bindings)| {
        bindings
            .iter()
            .flatten()
            .filter_map(move |binding| published_port(port, binding))
    });
    let mut ports: Vec<_> = each.collect();
    ports.sort();
    ports.dedup();
    ports
}

fn published_port(port: &str, binding: &raw::Binding) -> Option<PublishedPort> {
    let (number, protocol) = port.split_once('/')?;
    Some(PublishedPort {
        container_port: number.parse().ok()?,
        protocol: match protocol {
            "tcp" => Protocol::Tcp,
            "udp" => Protocol::Udp,
            _ => return None,
        },
        host_ip: IpAddr::from_str(&binding.host_ip).ok()?,
        host_port: binding.host_port.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(exit_code: i64, output: &str) -> Option<String> {
        complaint(&[
            raw::Probe {
                exit_code: 1,
                output: "long ago".to_owned(),
            },
            raw::Probe {
                exit_code,
                output: output.to_owned(),
            },
        ])
    }

    #[test]
    fn the_last_check_complains_in_one_plain_line() {
        assert_eq!(
            told(1, "trying\n  no\x1b[0m answer \n\n").as_deref(),
            Some("no[0m answer")
        );
        assert_eq!(told(0, "fine"), None);
        assert_eq!(told(1, " \n"), None);
        assert_eq!(told(1, &"é".repeat(300)).unwrap().chars().count(), 200);
        assert_eq!(complaint(&[]), None);
    }
}
