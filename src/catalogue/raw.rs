//! `template.toml` as it is written: every rule optional, nothing checked but names and types. Unknown fields
//! are errors, so that a mistyped `read_only_rot` does not quietly weaken a template.

use std::path::PathBuf;

use serde::Deserialize;

use super::model::{Capability, Category, Console, Protocol, StopSignal};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTemplate {
    pub(super) name: String,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) category: Category,
    pub(super) icon: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) ports: Vec<RawPort>,
    #[serde(default)]
    pub(super) volumes: Vec<RawVolume>,
    #[serde(default)]
    pub(super) variables: Vec<RawVariable>,
    pub(super) health: RawHealth,
    pub(super) dump: Option<RawDump>,
    pub(super) hardening: RawHardening,
    pub(super) resources: RawResources,
    #[serde(default)]
    pub(super) stop: RawStop,
    #[serde(default)]
    pub(super) console: Console,
    #[serde(default)]
    pub(super) guide: Vec<RawStep>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawPort {
    pub(super) name: String,
    pub(super) container_port: u16,
    #[serde(default)]
    pub(super) protocol: Protocol,
    pub(super) scheme: Option<String>,
    pub(super) purpose: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVolume {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) purpose: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawVariable {
    pub(super) key: String,
    pub(super) label: String,
    #[serde(default)]
    pub(super) help: String,
    #[serde(rename = "type")]
    pub(super) kind: String,
    #[serde(default)]
    pub(super) required: bool,
    pub(super) default: Option<RawDefault>,
    pub(super) min: Option<i64>,
    pub(super) max: Option<i64>,
    pub(super) min_length: Option<usize>,
    pub(super) max_length: Option<usize>,
    pub(super) pattern: Option<String>,
    pub(super) choices: Option<Vec<String>>,
    pub(super) max_items: Option<usize>,
    pub(super) generate: Option<usize>,
    #[serde(default)]
    pub(super) fresh_in_copies: bool,
}

/// A default is written in the variable's own type, and kept as the text that the container will see.
#[derive(Deserialize)]
#[serde(untagged)]
pub(super) enum RawDefault {
    Boolean(bool),
    Integer(i64),
    Text(String),
}

impl RawDefault {
    pub(super) fn into_text(self) -> String {
        match self {
            Self::Boolean(yes) => yes.to_string(),
            Self::Integer(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHealth {
    pub(super) command: Vec<String>,
    #[serde(default = "ten")]
    pub(super) interval_seconds: u32,
    #[serde(default = "five")]
    pub(super) timeout_seconds: u32,
    #[serde(default = "three")]
    pub(super) retries: u32,
    #[serde(default = "ten")]
    pub(super) start_period_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawDump {
    pub(super) command: Vec<String>,
    pub(super) volume: String,
    #[serde(default = "hour")]
    pub(super) timeout_seconds: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawHardening {
    #[serde(default)]
    pub(super) cap_add: Vec<Capability>,
    pub(super) read_only_root: bool,
    #[serde(default)]
    pub(super) tmpfs: Vec<RawTmpfs>,
    pub(super) user: Option<String>,
    pub(super) pids: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawTmpfs {
    pub(super) path: PathBuf,
    pub(super) size_mib: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawResources {
    pub(super) minimum_memory_mib: u32,
    pub(super) recommended_memory_mib: u32,
    pub(super) recommended_cpu_millis: u32,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStop {
    #[serde(default)]
    pub(super) signal: StopSignal,
    #[serde(default = "ten")]
    pub(super) grace_seconds: u32,
}

impl Default for RawStop {
    fn default() -> Self {
        Self {
            signal: StopSignal::default(),
            grace_seconds: ten(),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct RawStep {
    pub(super) text: String,
    pub(super) command: Option<String>,
}

fn three() -> u32 {
    3
}

fn five() -> u32 {
    5
}

fn hour() -> u32 {
    3600
}

fn ten() -> u32 {
    10
}
