//! The engine's answers, read without demands: every field may be missing or null, and words stay words.
//!
//! bollard's models fail a whole list because one container is in a state that its version does not know. Its
//! feature `json_data_content` hands over the text that it could not read, so [`read`] can try again with these. The
//! usual case goes through the same types, so that there is one way from an answer to our values.

use std::collections::{BTreeMap, HashMap};

use bollard::errors::Error;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, de::DeserializeOwned};

use super::super::InstanceKey;
use super::super::spec::label;

/// Labels, of which an answer may have none.
pub(super) type Labels = HashMap<String, String>;

/// Reads an answer of bollard's as one of our types.
pub(super) fn read<T: Serialize, R: DeserializeOwned>(answer: Result<T, Error>) -> Result<R, Error> {
    match answer {
        Ok(model) => Ok(serde_json::from_value(serde_json::to_value(model)?)?),
        Err(Error::JsonDataError { contents, .. }) => Ok(serde_json::from_str(&contents)?),
        Err(error) => Err(error),
    }
}

/// Whether an image with these labels belongs to this instance.
pub(super) fn is_ours(labels: &Labels, instance: &InstanceKey) -> bool {
    labels
        .get(label::INSTANCE)
        .is_some_and(|value| value == instance.as_str())
}

fn nullable<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(source: D) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(source)?.unwrap_or_default())
}

/// A moment as the engine writes it; year 1 means never.
pub(super) fn moment(text: &str) -> Option<DateTime<Utc>> {
    let at = DateTime::parse_from_rfc3339(text).ok()?.with_timezone(&Utc);
    (at.timestamp() > 0).then_some(at)
}

macro_rules! raw {
    ($($(#[$doc:meta])* $name:ident { $($field:ident: $type:ty = $key:literal,)* })*) => {
        $(
            $(#[$doc])*
            #[derive(Debug, Default, Deserialize)]
            #[serde(default)]
            pub(super) struct $name {
                $(#[serde(rename = $key, deserialize_with = "nullable")] pub(super) $field: $type,)*
            }
        )*
    };
}

raw! {
    /// A line of the list of containers.
    Summary {
        id: String = "Id",
        names: Vec<String> = "Names",
        image: String = "Image",
        state: String = "State",
        labels: Labels = "Labels",
    }

    /// A container.
    Container {
        id: String = "Id",
        restart_count: u64 = "RestartCount",
        state: State = "State",
        config: Config = "Config",
        network: NetworkSettings = "NetworkSettings",
        host: HostConfig = "HostConfig",
    }

    /// A container's limits.
    HostConfig {
        memory: u64 = "Memory",
        cpu_period: u64 = "CpuPeriod",
        cpu_quota: u64 = "CpuQuota",
    }

    /// What a container does.
    State {
        status: String = "Status",
        oom_killed: bool = "OOMKilled",
        exit_code: i64 = "ExitCode",
        started_at: String = "StartedAt",
        finished_at: String = "FinishedAt",
        health: HealthState = "Health",
    }

    /// What its health check says.
    HealthState {
        status: String = "Status",
        log: Vec<Probe> = "Log",
    }

    /// One run of the check, of which the engine keeps five.
    Probe {
        exit_code: i64 = "ExitCode",
        output: String = "Output",
    }

    /// What a container or an image was made with. The environment is left out.
    Config {
        image: String = "Image",
        labels: Labels = "Labels",
        open_stdin: bool = "OpenStdin",
    }

    /// Where a container can be reached.
    NetworkSettings {
        networks: BTreeMap<String, AttachedTo> = "Networks",
        ports: BTreeMap<String, Option<Vec<Binding>>> = "Ports",
    }

    /// One network that it is in.
    AttachedTo {
        ipv4: String = "IPAddress",
        ipv6: String = "GlobalIPv6Address",
    }

    /// Where a port is published.
    Binding {
        host_ip: String = "HostIp",
        host_port: String = "HostPort",
    }

    /// A network.
    Network {
        id: String = "Id",
        name: String = "Name",
        created: String = "Created",
        internal: bool = "Internal",
        options: Labels = "Options",
        labels: Labels = "Labels",
        ipam: Ipam = "IPAM",
    }

    /// A network's addresses.
    Ipam {
        config: Vec<IpamConfig> = "Config",
    }

    /// One range of them.
    IpamConfig {
        subnet: String = "Subnet",
    }

    /// A volume.
    Volume {
        name: String = "Name",
        driver: String = "Driver",
        place: String = "Mountpoint",
        labels: Labels = "Labels",
    }

    /// The list of volumes.
    Volumes {
        volumes: Vec<Volume> = "Volumes",
    }

    /// An image.
    Image {
        id: String = "Id",
        config: Config = "Config",
    }

    /// A line of the list of images.
    ImageSummary {
        id: String = "Id",
        tags: Vec<String> = "RepoTags",
        created: i64 = "Created",
        size: i64 = "Size",
        labels: Labels = "Labels",
    }

    /// The engine and its host.
    Info {
        host: String = "Name",
        version: String = "ServerVersion",
        cpus: u32 = "NCPU",
        memory_bytes: u64 = "MemTotal",
        storage_driver: String = "Driver",
        cgroup_version: String = "CgroupVersion",
        live_restore: bool = "LiveRestoreEnabled",
        warnings: Vec<String> = "Warnings",
        system_time: String = "SystemTime",
    }

    /// Something that happened.
    Event {
        action: String = "Action",
        actor: Actor = "Actor",
        time_nano: i64 = "timeNano",
    }

    /// What it happened to.
    Actor {
        attributes: Labels = "Attributes",
    }
}

#[cfg(test)]
mod tests {
    use bollard::models::{ContainerInspectResponse, ContainerSummary};

    use super::*;

    /// What bollard does with an answer's text.
    fn bollard<T: DeserializeOwned>(contents: &str) -> Result<T, Error> {
        serde_json::from_str(contents).map_err(|error| Error::JsonDataError {
            message: error.to_string(),
            contents: contents.to_owned(),
            column: error.column(),
        })
    }

    #[test]
    fn a_word_that_bollard_does_not_know_does_not_hide_the_others() {
        let text = r#"[{"Id": "a", "State": "levitating", "Labels": null}, {"Id": "b", "State": "running"}]"#;
        let strict = bollard::<Vec<ContainerSummary>>(text);
        assert!(strict.is_err(), "bollard became lenient: raw.rs can go");
        let list: Vec<Summary> = read(strict).unwrap();
        assert_eq!(
            list.iter().map(|line| line.state.as_str()).collect::<Vec<_>>(),
            ["levitating", "running"]
        );
    }

    #[test]
    fn both_ways_give_the_same() {
        let text = r#"{"Id": "a", "RestartCount": 3, "State": {"Status": "exited", "ExitCode": 137, "OOMKilled": true,
            "StartedAt": "2026-11-23T20:16:00.5Z", "Health": {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "no"}]}},
            "Config": {"Image": "i", "Labels": {"berth.instance": "berth"}},
            "NetworkSettings": {"Ports": {"80/tcp": [{"HostIp": "127.0.0.1", "HostPort": "8080"}], "81/tcp": null},
            "Networks": {"n": {"IPAddress": "172.18.0.2", "GlobalIPv6Address": ""}}}}"#;
        let typed: Container = read(bollard::<ContainerInspectResponse>(text)).unwrap();
        let untyped: Container = serde_json::from_str(text).unwrap();
        assert_eq!(format!("{typed:?}"), format!("{untyped:?}"));
        assert_eq!((typed.restart_count, typed.state.exit_code), (3, 137));
    }

    #[test]
    fn an_answer_with_nothing_in_it_is_read() {
        let empty: Container = read(bollard::<ContainerInspectResponse>("{}")).unwrap();
        assert_eq!(empty.state.status, "");
    }

    #[test]
    fn year_one_is_never() {
        assert_eq!(moment("0001-01-01T00:00:00Z"), None);
        assert!(moment("2026-11-23T20:16:00.123456789Z").is_some());
    }
}
