//! From `template.toml` to a sound [`Template`], or to all that is wrong with it at once, each with its place.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Component, Path};
use std::time::Duration;

use super::guide::{GuidePart, GuideStep, Placeholder};
use super::model::{Hardening, Health, Port, Resources, Stop, Template, Tmpfs, Volume};
use super::raw::{RawHardening, RawHealth, RawPort, RawResources, RawStep, RawTemplate, RawTmpfs, RawVolume};

mod variable;

/// Something wrong with a template, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// The field (`variables.SITE_TITLE.default`), or the line where the text is not TOML of the right shape.
    pub at: String,
    /// What is wrong.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.at, self.message)
    }
}

/// The problems found so far. Conversions go on after one, so that an author sees all of them.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Problems(pub Vec<Problem>);

impl Problems {
    fn add(&mut self, at: impl Into<String>, message: impl Into<String>) {
        self.0.push(Problem {
            at: at.into(),
            message: message.into(),
        });
    }

    fn check(&mut self, holds: bool, at: impl Into<String>, message: impl Into<String>) {
        if !holds {
            self.add(at, message);
        }
    }

    fn unique<'a>(&mut self, at: &str, names: impl Iterator<Item = &'a str>) {
        let mut seen = BTreeSet::new();
        for name in names {
            self.check(seen.insert(name), format!("{at}.{name}"), "is there twice");
        }
    }

    fn line_of_text(&mut self, at: &str, text: &str, longest: usize) {
        let fits =
            !text.trim().is_empty() && text.chars().count() <= longest && !text.contains(char::is_control);
        self.check(fits, at, format!("must be one line of 1 to {longest} characters"));
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let lines: Vec<String> = self.0.iter().map(Problem::to_string).collect();
        f.write_str(&lines.join("\n"))
    }
}

impl std::error::Error for Problems {}

impl Template {
    /// Reads the `template.toml` of the folder `folder`.
    pub fn parse(folder: &str, text: &str) -> Result<Self, Problems> {
        let raw: RawTemplate = toml::from_str(text).map_err(|error| shape(text, &error))?;
        let mut problems = Problems::default();
        head(&raw, folder, &mut problems);
        let template = body(raw, &mut problems);
        cross_check(&template, &mut problems);
        if problems.0.is_empty() {
            Ok(template)
        } else {
            Err(problems)
        }
    }
}

/// A problem of TOML itself, by line and column as editors count them.
fn shape(text: &str, error: &toml::de::Error) -> Problems {
    let before = &text[..error.span().map_or(0, |span| span.start).min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before
        .rsplit('\n')
        .next()
        .map_or(0, |start| start.chars().count())
        + 1;
    Problems(vec![Problem {
        at: format!("line {line}, column {column}"),
        message: error.message().to_owned(),
    }])
}

fn head(raw: &RawTemplate, folder: &str, problems: &mut Problems) {
    problems.check(
        is_name(&raw.name),
        "name",
        "must be 2 to 40 lower-case letters, digits and single dashes, a letter first",
    );
    problems.check(
        raw.name == folder,
        "name",
        format!("must be the folder's name, {folder}"),
    );
    problems.line_of_text("title", &raw.title, 40);
    problems.line_of_text("summary", &raw.summary, 160);
    problems.check(
        !raw.description.trim().is_empty(),
        "description",
        "must say what it is and what it is not",
    );
    problems.check(is_name(&raw.icon), "icon", "must be the name of a lucide icon");
    let number = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    problems.check(
        raw.version.split('.').all(number),
        "version",
        "must be numbers with dots between, like 1.2",
    );
}

fn body(raw: RawTemplate, problems: &mut Problems) -> Template {
    Template {
        ports: raw.ports.into_iter().map(|raw| port(raw, problems)).collect(),
        volumes: raw.volumes.into_iter().map(|raw| volume(raw, problems)).collect(),
        variables: raw
            .variables
            .into_iter()
            .filter_map(|raw| variable::convert(raw, problems))
            .collect(),
        health: health(raw.health, problems),
        hardening: hardening(raw.hardening, problems),
        resources: resources(&raw.resources, problems),
        stop: Stop {
            signal: raw.stop.signal,
            grace: seconds("stop.grace_seconds", raw.stop.grace_seconds, 300, problems),
        },
        guide: raw
            .guide
            .into_iter()
            .enumerate()
            .filter_map(|(n, raw)| step(n, &raw, problems))
            .collect(),
        name: raw.name,
        title: raw.title,
        summary: raw.summary,
        description: raw.description.trim().to_owned(),
        category: raw.category,
        icon: raw.icon,
        version: raw.version,
    }
}

fn port(raw: RawPort, problems: &mut Problems) -> Port {
    let at = format!("ports.{}", raw.name);
    problems.check(
        is_name(&raw.name),
        &at,
        "a port's name must be lower-case letters, digits and dashes",
    );
    problems.check(
        raw.container_port > 0,
        format!("{at}.container_port"),
        "must be from 1 to 65535",
    );
    problems.line_of_text(&format!("{at}.purpose"), &raw.purpose, 80);
    let scheme = raw.scheme.as_deref().is_none_or(is_name);
    problems.check(
        scheme,
        format!("{at}.scheme"),
        "must be what a URL begins with, like http",
    );
    Port {
        name: raw.name,
        container_port: raw.container_port,
        protocol: raw.protocol,
        scheme: raw.scheme,
        purpose: raw.purpose,
    }
}

fn volume(raw: RawVolume, problems: &mut Problems) -> Volume {
    let at = format!("volumes.{}", raw.name);
    problems.check(
        is_name(&raw.name),
        &at,
        "a volume's name must be lower-case letters, digits and dashes",
    );
    mount_point(&format!("{at}.path"), &raw.path, problems);
    problems.line_of_text(&format!("{at}.purpose"), &raw.purpose, 80);
    Volume {
        name: raw.name,
        path: raw.path,
        purpose: raw.purpose,
    }
}

fn health(raw: RawHealth, problems: &mut Problems) -> Health {
    let program = raw.command.first().is_some_and(|program| !program.is_empty());
    problems.check(program, "health.command", "must name a program");
    problems.check(
        (1..=20).contains(&raw.retries),
        "health.retries",
        "must be from 1 to 20",
    );
    Health {
        command: raw.command,
        interval: seconds("health.interval_seconds", raw.interval_seconds, 300, problems),
        timeout: seconds("health.timeout_seconds", raw.timeout_seconds, 60, problems),
        retries: raw.retries,
        start_period: seconds(
            "health.start_period_seconds",
            raw.start_period_seconds,
            600,
            problems,
        ),
    }
}

fn hardening(raw: RawHardening, problems: &mut Problems) -> Hardening {
    problems.check(
        (8..=8_192).contains(&raw.pids),
        "hardening.pids",
        "must be from 8 to 8192",
    );
    if let Some(user) = &raw.user {
        let word = |word: &str| {
            !word.is_empty()
                && word
                    .bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-_".contains(&b))
        };
        let fits = user.split(':').count() <= 2 && user.split(':').all(word);
        problems.check(
            fits,
            "hardening.user",
            "must be USER or USER:GROUP, names or numbers",
        );
    }
    let mut cap_add = raw.cap_add;
    cap_add.sort_unstable();
    cap_add.dedup();
    Hardening {
        cap_add,
        read_only_root: raw.read_only_root,
        tmpfs: raw.tmpfs.into_iter().map(|raw| tmpfs(raw, problems)).collect(),
        user: raw.user,
        pids: raw.pids,
    }
}

fn tmpfs(raw: RawTmpfs, problems: &mut Problems) -> Tmpfs {
    let at = format!("hardening.tmpfs.{}", raw.path.display());
    mount_point(&at, &raw.path, problems);
    problems.check(
        (1..=1_024).contains(&raw.size_mib),
        format!("{at}.size_mib"),
        "must be from 1 to 1024",
    );
    Tmpfs {
        path: raw.path,
        size_mib: raw.size_mib,
    }
}

fn resources(raw: &RawResources, problems: &mut Problems) -> Resources {
    let (minimum, recommended) = (raw.minimum_memory_mib, raw.recommended_memory_mib);
    problems.check(
        minimum >= 6,
        "resources.minimum_memory_mib",
        "must be at least 6: no engine takes less",
    );
    let enough = recommended >= minimum;
    problems.check(
        enough,
        "resources.recommended_memory_mib",
        "must be at least minimum_memory_mib",
    );
    problems.check(
        raw.recommended_cpu_millis > 0,
        "resources.recommended_cpu_millis",
        "must be at least 1",
    );
    Resources {
        minimum_memory_mib: minimum,
        recommended_memory_mib: recommended,
        recommended_cpu_millis: raw.recommended_cpu_millis,
    }
}

fn step(index: usize, raw: &RawStep, problems: &mut Problems) -> Option<GuideStep> {
    let mut read = |field: &str, text: &str| {
        GuidePart::parse(text)
            .map_err(|message| problems.add(format!("guide.{}.{field}", index + 1), message))
            .ok()
    };
    let text = read("text", &raw.text);
    let command = raw.command.as_deref().map(|command| read("command", command));
    Some(GuideStep {
        text: text?,
        command: command.flatten(),
    })
}

/// What no single field shows: names that are there twice, mounts inside mounts, a guide about things that are not.
fn cross_check(template: &Template, problems: &mut Problems) {
    problems.unique("ports", template.ports.iter().map(|port| port.name.as_str()));
    problems.unique(
        "volumes",
        template.volumes.iter().map(|volume| volume.name.as_str()),
    );
    problems.unique(
        "variables",
        template.variables.iter().map(|variable| variable.key.as_str()),
    );
    let mut numbers = BTreeSet::new();
    for port in &template.ports {
        let new = numbers.insert((port.container_port, port.protocol));
        problems.check(
            new,
            format!("ports.{}.container_port", port.name),
            "another port has it",
        );
    }
    let tmpfs = template.hardening.tmpfs.iter().map(|tmpfs| tmpfs.path.as_path());
    let mounts: Vec<&Path> = template
        .volumes
        .iter()
        .map(|volume| volume.path.as_path())
        .chain(tmpfs)
        .collect();
    for (n, one) in mounts.iter().enumerate() {
        let same = mounts[..n].contains(one);
        problems.check(!same, format!("the mount {}", one.display()), "is there twice");
    }
    for (n, step) in template.guide.iter().enumerate() {
        let parts = step.text.iter().chain(step.command.iter().flatten());
        for unknown in parts.filter_map(|part| unknown(template, part)) {
            problems.add(format!("guide.{}", n + 1), unknown);
        }
    }
}

fn unknown(template: &Template, part: &GuidePart) -> Option<String> {
    let GuidePart::Value(placeholder) = part else {
        return None;
    };
    match placeholder {
        Placeholder::Host => None,
        Placeholder::Port(name) | Placeholder::Url(name) => template
            .port(name)
            .is_none()
            .then(|| format!("there is no port {name}")),
        Placeholder::Variable(key) => match template.variable(key) {
            None => Some(format!("there is no variable {key}")),
            Some(variable) if variable.is_secret() => Some(format!("{key} is a secret, which no page shows")),
            Some(_) => None,
        },
    }
}

fn seconds(at: &str, value: u32, most: u32, problems: &mut Problems) -> Duration {
    problems.check(
        (1..=most).contains(&value),
        at,
        format!("must be from 1 to {most}"),
    );
    Duration::from_secs(value.into())
}

/// Absolute, plain, and not where the system itself lives.
fn mount_point(at: &str, path: &Path, problems: &mut Problems) {
    const SYSTEM: [&str; 8] = ["/proc", "/sys", "/dev", "/etc", "/usr", "/bin", "/sbin", "/lib"];
    let plain = path
        .components()
        .skip(1)
        .all(|part| matches!(part, Component::Normal(_)));
    let text = path.to_string_lossy();
    let fits =
        path.is_absolute() && plain && text.len() > 1 && !text.ends_with('/') && !text.contains([',', ':']);
    problems.check(
        fits,
        at,
        "must be an absolute path without `.`, `..`, `,` or `:`, and not `/`",
    );
    let system = SYSTEM.iter().any(|system| path.starts_with(system));
    problems.check(!system, at, "is the system's own");
}

fn is_name(text: &str) -> bool {
    let edge =
        text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.ends_with('-') && !text.contains("--");
    let inside = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    edge && inside && (2..=40).contains(&text.len())
}
