//! The parts of a template, each checked by itself.

use std::path::{Component, Path};
use std::time::Duration;

use crate::catalogue::guide::{GuidePart, GuideStep};
use crate::catalogue::model::{Dump, Hardening, Health, Port, Resources, Tmpfs, Volume};
use crate::catalogue::raw::{
    RawDump, RawHardening, RawHealth, RawPort, RawResources, RawStep, RawTmpfs, RawVolume,
};

use super::Problems;

pub(super) fn port(raw: RawPort, problems: &mut Problems) -> Port {
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

pub(super) fn volume(raw: RawVolume, problems: &mut Problems) -> Volume {
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

pub(super) fn health(raw: RawHealth, problems: &mut Problems) -> Health {
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

pub(super) fn dump(raw: RawDump, problems: &mut Problems) -> Dump {
    let program = raw.command.first().is_some_and(|program| !program.is_empty());
    problems.check(program, "dump.command", "must name a program");
    Dump {
        command: raw.command,
        volume: raw.volume,
        timeout: seconds("dump.timeout_seconds", raw.timeout_seconds, 21_600, problems),
    }
}

pub(super) fn hardening(raw: RawHardening, problems: &mut Problems) -> Hardening {
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

pub(super) fn resources(raw: &RawResources, problems: &mut Problems) -> Resources {
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

pub(super) fn step(index: usize, raw: &RawStep, problems: &mut Problems) -> Option<GuideStep> {
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

pub(super) fn seconds(at: &str, value: u32, most: u32, problems: &mut Problems) -> Duration {
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

pub(in crate::catalogue) fn is_name(text: &str) -> bool {
    let edge =
        text.starts_with(|c: char| c.is_ascii_lowercase()) && !text.ends_with('-') && !text.contains("--");
    let inside = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    edge && inside && (2..=40).contains(&text.len())
}
