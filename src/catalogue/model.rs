//! What a template is: plain types, made only by [`Template::parse`], so that one that exists is sound.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::guide::GuideStep;
use super::rules::Pattern;

/// A catalogue entry that a server is made from.
#[derive(Debug, Clone, PartialEq)]
pub struct Template {
    /// Its folder's name: lower-case letters, digits and dashes.
    pub name: String,
    /// What a customer reads first: "Web site".
    pub title: String,
    /// One line below the title.
    pub summary: String,
    /// What it is and is not, in paragraphs of plain text.
    pub description: String,
    /// The shelf it stands on.
    pub category: Category,
    /// The name of a lucide icon.
    pub icon: String,
    /// The template's own version, for people; the image is named by content.
    pub version: String,
    /// What it listens on.
    pub ports: Vec<Port>,
    /// What it keeps.
    pub volumes: Vec<Volume>,
    /// What a customer is asked.
    pub variables: Vec<Variable>,
    /// How we know that it works; an imported template has no such command.
    pub health: Option<Health>,
    /// How its data becomes a file before a backup reads it, where files that are written to are worth little.
    pub dump: Option<Dump>,
    /// What it may do.
    pub hardening: Hardening,
    /// What it needs.
    pub resources: Resources,
    /// How it is asked to stop.
    pub stop: Stop,
    /// What its console is.
    pub console: Console,
    /// How to use it, step by step.
    pub guide: Vec<GuideStep>,
}

impl Template {
    /// The variable with this key.
    pub fn variable(&self, key: &str) -> Option<&Variable> {
        self.variables.iter().find(|variable| variable.key == key)
    }

    /// The port with this name.
    pub fn port(&self, name: &str) -> Option<&Port> {
        self.ports.iter().find(|port| port.name == name)
    }

    /// The port that "open" leads to: the first one with a scheme that browsers know, else the first.
    pub fn main_port(&self) -> Option<&Port> {
        let web = |port: &&Port| matches!(port.scheme.as_deref(), Some("http" | "https"));
        self.ports.iter().find(web).or_else(|| self.ports.first())
    }
}

/// The shelf a template stands on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// Sites and web servers.
    Web,
    /// Databases.
    Database,
    /// A machine to work on.
    System,
    /// Files that are kept and shared.
    Files,
    /// Chat and the like.
    Communication,
    /// Printers.
    Printing,
    /// Shops.
    Commerce,
    /// Ready-made programs.
    Application,
    /// Game servers.
    Game,
}

impl Category {
    /// The word that people read.
    pub fn title(self) -> &'static str {
        match self {
            Self::Web => "Web",
            Self::Database => "Databases",
            Self::System => "Systems",
            Self::Files => "Files",
            Self::Communication => "Communication",
            Self::Printing => "Printing",
            Self::Commerce => "Shops",
            Self::Application => "Applications",
            Self::Game => "Games",
        }
    }
}

/// TCP or UDP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Protocol {
    /// Connections.
    #[default]
    Tcp,
    /// Datagrams.
    Udp,
}

/// A port that the server listens on inside its container.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Port {
    /// Its name within the template: `http`.
    pub name: String,
    /// Its number in the container.
    pub container_port: u16,
    /// TCP or UDP.
    pub protocol: Protocol,
    /// What a URL to it starts with, where there are such URLs: `http`, `ssh`, `postgresql`.
    pub scheme: Option<String>,
    /// What it is for, in words.
    pub purpose: String,
}

/// A folder of the container that outlives it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Volume {
    /// Its name within the template: `data`.
    pub name: String,
    /// Where it is mounted.
    pub path: PathBuf,
    /// What is kept there, in words.
    pub purpose: String,
}

/// A question to the customer; the answer becomes an environment variable of the container.
#[derive(Debug, Clone, PartialEq)]
pub struct Variable {
    /// The environment variable's name.
    pub key: String,
    /// The form field's label.
    pub label: String,
    /// A sentence below the field; empty for none.
    pub help: String,
    /// What kind of answer, with its rules.
    pub kind: Kind,
    /// Must be answered. A variable with a default or a generated secret never is.
    pub required: bool,
    /// What holds when it is not answered.
    pub default: Option<String>,
    /// A copy of the server gets a generated one of its own, because the image sets it again at each start. Others keep what
    /// their source has: data may depend on it.
    pub fresh_in_copies: bool,
}

impl Variable {
    /// Is the answer hidden, and kept sealed?
    pub fn is_secret(&self) -> bool {
        matches!(
            self.kind,
            Kind::Secret { .. } | Kind::List { is_secret: true, .. }
        )
    }
}

/// The kind of an answer, with the rules that fit it.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// A line of text.
    Text {
        /// Characters at least.
        min_length: usize,
        /// Characters at most.
        max_length: usize,
        /// What the whole of it must match.
        pattern: Option<Pattern>,
    },
    /// A whole number.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// A number that need not be whole. Only imported templates ask for one.
    Number {
        /// The least.
        min: f64,
        /// The greatest.
        max: f64,
    },
    /// Yes or no: `true` or `false`.
    Boolean,
    /// One of these.
    Choice {
        /// The values, in the order they are shown.
        choices: Vec<String>,
    },
    /// A password or key: sealed at rest, never shown in lists or logs.
    Secret {
        /// Characters at least.
        min_length: usize,
        /// Characters at most.
        max_length: usize,
        /// How many characters Berth makes up when none is given.
        generate: Option<usize>,
    },
    /// Lines of text, each by the same rules; the container sees them with a line feed between.
    List {
        /// Lines at most.
        max_items: usize,
        /// Characters of a line at most.
        max_length: usize,
        /// What the whole of a line must match.
        pattern: Option<Pattern>,
        /// Hidden and sealed, as there are passwords in it.
        is_secret: bool,
    },
    /// One OpenSSH public key.
    SshPublicKey,
    /// A mail address.
    Email,
    /// A host name with at least one dot.
    HostName,
}

impl Kind {
    /// The word for it in `template.toml` and in the API.
    pub fn word(&self) -> &'static str {
        match self {
            Self::Text { .. } => "text",
            Self::Integer { .. } => "integer",
            Self::Number { .. } => "number",
            Self::Boolean => "boolean",
            Self::Choice { .. } => "choice",
            Self::Secret { .. } => "secret",
            Self::List { is_secret: false, .. } => "list",
            Self::List { is_secret: true, .. } => "secret_list",
            Self::SshPublicKey => "ssh_public_key",
            Self::Email => "email",
            Self::HostName => "host_name",
        }
    }
}

/// The command that tells inside the container whether the server works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Health {
    /// The program and its arguments; no shell is put between.
    pub command: Vec<String>,
    /// From the end of one try to the next.
    pub interval: Duration,
    /// A try that takes longer has failed.
    pub timeout: Duration,
    /// Failures in a row that make it unhealthy.
    pub retries: u32,
    /// Failures this soon after the start do not count.
    pub start_period: Duration,
}

/// The command that writes what a database holds into a folder of a volume, for backups.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dump {
    /// The program and its arguments; no shell is put between. The folder, which is not there yet, is the last argument.
    pub command: Vec<String>,
    /// The name of the volume.
    pub volume: String,
    /// What takes longer has failed.
    pub timeout: Duration,
}

impl Dump {
    /// What the folder is called, in the volume's root.
    pub const FOLDER: &str = ".berth-dump";
}

/// What the container may do beyond the least. Everything else is taken away from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Hardening {
    /// Capabilities given back after all were dropped.
    pub cap_add: Vec<Capability>,
    /// Only volumes and tmpfs can be written.
    pub read_only_root: bool,
    /// Folders in memory.
    pub tmpfs: Vec<Tmpfs>,
    /// Who its first process runs as; the image's own user where absent.
    pub user: Option<String>,
    /// Processes and threads at most.
    pub pids: u32,
}

/// A folder in memory, gone at every stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tmpfs {
    /// Where it is mounted.
    pub path: PathBuf,
    /// How large it may grow; it counts against the server's memory.
    pub size_mib: u32,
}

/// The capabilities that a template may ask for: those that mean something inside a container and cannot
/// reach out of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
#[expect(missing_docs, reason = "capabilities(7) describes them")]
pub enum Capability {
    AuditWrite,
    Chown,
    DacOverride,
    Fowner,
    Kill,
    NetBindService,
    Setgid,
    Setuid,
    SysChroot,
}

impl Capability {
    /// Its name without `CAP_`, as the engine takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::AuditWrite => "AUDIT_WRITE",
            Self::Chown => "CHOWN",
            Self::DacOverride => "DAC_OVERRIDE",
            Self::Fowner => "FOWNER",
            Self::Kill => "KILL",
            Self::NetBindService => "NET_BIND_SERVICE",
            Self::Setgid => "SETGID",
            Self::Setuid => "SETUID",
            Self::SysChroot => "SYS_CHROOT",
        }
    }
}

/// What a server of this template needs. Forms offer the smallest size that has what is recommended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Resources {
    /// It does not start reliably with less.
    pub minimum_memory_mib: u32,
    /// It is comfortable with this.
    pub recommended_memory_mib: u32,
    /// Thousandths of a CPU that make it comfortable.
    pub recommended_cpu_millis: u32,
}

/// How it is asked to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stop {
    /// The signal that its first process understands as "finish".
    pub signal: StopSignal,
    /// How long it may take before it is killed.
    pub grace: Duration,
}

/// What somebody who opens the server's console types to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Console {
    /// A shell beside the server.
    #[default]
    Shell,
    /// The server's own process, which reads commands from its standard input.
    Attach,
}

/// The signals that servers take for "finish".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[expect(missing_docs, reason = "signal(7) describes them")]
pub enum StopSignal {
    #[default]
    #[serde(rename = "SIGTERM")]
    Term,
    #[serde(rename = "SIGINT")]
    Int,
    #[serde(rename = "SIGQUIT")]
    Quit,
    #[serde(rename = "SIGWINCH")]
    Winch,
    #[serde(rename = "SIGABRT")]
    Abort,
    #[serde(rename = "SIGKILL")]
    Kill,
}

impl StopSignal {
    /// Its name, as the engine takes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Term => "SIGTERM",
            Self::Int => "SIGINT",
            Self::Quit => "SIGQUIT",
            Self::Winch => "SIGWINCH",
            Self::Abort => "SIGABRT",
            Self::Kill => "SIGKILL",
        }
    }
}
