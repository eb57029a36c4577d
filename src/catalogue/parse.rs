//! From `template.toml` to a sound [`Template`], or to all that is wrong with it at once, each with its place.

use std::collections::BTreeSet;
use std::path::Path;

use super::guide::{GuidePart, Placeholder};
use super::model::{Stop, Template};
use super::raw::RawTemplate;

mod parts;
mod problems;
mod variable;

pub use problems::{Problem, Problems};

pub(super) use parts::is_name;
use parts::{dump, hardening, health, port, resources, seconds, step, volume};

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
pub(super) fn shape(text: &str, error: &toml::de::Error) -> Problems {
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
        health: Some(health(raw.health, problems)),
        dump: raw.dump.map(|raw| dump(raw, problems)),
        hardening: hardening(raw.hardening, problems),
        resources: resources(&raw.resources, problems),
        stop: Stop {
            signal: raw.stop.signal,
            grace: seconds("stop.grace_seconds", raw.stop.grace_seconds, 300, problems),
        },
        console: raw.console,
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
    if let Some(dump) = &template.dump {
        let is_there = template.volumes.iter().any(|volume| volume.name == dump.volume);
        problems.check(is_there, "dump.volume", "must name one of the volumes");
    }
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
