//! What an engine would refuse, misread, or understand as more than was meant.

use std::{collections::BTreeSet, time::Duration};

use super::{ContainerSpec, EngineError, EngineResult, HealthTest, label};
use crate::drivers::engine::MAX_GRACE;

/// The engine's own minimum.
const MIN_MEMORY: u64 = 6 * 1024 * 1024;
/// The kernel's own minimum: a quota of one millisecond per period.
const MIN_CPU_MILLIS: u32 = 10;
/// A limit without meaning, so that arithmetic on sizes cannot overflow on the way.
const MAX_BYTES: u64 = 1 << 50;

impl ContainerSpec {
    /// Says what is wrong with it before an engine sees it.
    pub fn validate(&self) -> EngineResult<()> {
        image_tag(&self.image)?;
        self.validate_process()?;
        self.validate_limits()?;
        self.validate_network()?;
        self.validate_mounts()
    }

    fn validate_process(&self) -> EngineResult<()> {
        for (name, value) in self.env.iter() {
            let wrong = name.is_empty() || name.contains(['=', '\0']) || value.contains('\0');
            ensure(!wrong, || format!("environment variable {name:?} cannot be set"))?;
        }
        for key in self.labels.keys() {
            let wrong = key.is_empty() || key.starts_with(label::PREFIX);
            ensure(!wrong, || format!("label {key:?} is not free"))?;
        }
        if let Some(command) = &self.command {
            let wrong = command.is_empty() || command.iter().any(|word| word.contains('\0'));
            ensure(!wrong, || "the command is empty or has a NUL".to_owned())?;
        }
        if let Some(signal) = &self.stop_signal {
            let word = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '+' | '-');
            ensure(!signal.is_empty() && signal.chars().all(word), || {
                format!("{signal:?} is not a signal")
            })?;
        }
        if let Some(user) = &self.user {
            let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ':');
            ensure(!user.is_empty() && user.chars().all(word), || {
                format!("{user:?} is not a user")
            })?;
        }
        self.validate_health()
    }

    fn validate_health(&self) -> EngineResult<()> {
        let Some(health) = &self.health else { return Ok(()) };
        let empty = match &health.test {
            HealthTest::Exec(argv) => argv.is_empty(),
            HealthTest::Shell(line) => line.is_empty(),
        };
        ensure(!empty, || "the health check runs nothing".to_owned())?;
        let hour = Duration::from_hours(1);
        let shortest = Duration::from_millis(1);
        let fits = |time: Duration| (shortest..=hour).contains(&time);
        ensure(fits(health.interval) && fits(health.timeout), || {
            "a health check's interval and timeout are between a millisecond and an hour".to_owned()
        })?;
        let started = health.start_period.is_zero() || fits(health.start_period);
        ensure(started && health.retries > 0, || {
            "a health check needs at least one try and a start period of at most an hour".to_owned()
        })
    }

    fn validate_limits(&self) -> EngineResult<()> {
        ensure((MIN_MEMORY..MAX_BYTES).contains(&self.memory_bytes), || {
            format!("memory must be at least {MIN_MEMORY} bytes")
        })?;
        ensure(self.cpu_millis >= MIN_CPU_MILLIS, || {
            format!("processor time must be at least {MIN_CPU_MILLIS} thousandths")
        })?;
        ensure(self.pids_limit > 0, || {
            "the process limit must be at least 1".to_owned()
        })?;
        ensure(self.stop_grace <= MAX_GRACE, || {
            format!("a stop may take at most {MAX_GRACE:?}")
        })
    }

    fn validate_network(&self) -> EngineResult<()> {
        for name in self.aliases.iter().chain(&self.hostname) {
            ensure(is_host_name(name), || format!("{name:?} is not a host name"))?;
        }
        let mut seen = BTreeSet::new();
        for port in &self.ports {
            let zero = port.container_port == 0 || port.host_port == Some(0);
            ensure(!zero, || "port 0 does not exist".to_owned())?;
            let place = port
                .host_port
                .map(|host_port| (port.host_ip, host_port, port.protocol));
            let twice = place.is_some_and(|place| !seen.insert(place));
            ensure(!twice, || {
                format!("port {:?} of the host is published twice", port.host_port)
            })?;
        }
        Ok(())
    }

    fn validate_mounts(&self) -> EngineResult<()> {
        let mut seen = BTreeSet::new();
        let volumes = self.volumes.iter().map(|mount| &mount.path);
        for path in volumes.chain(self.tmpfs.iter().map(|tmpfs| &tmpfs.path)) {
            ensure(is_mount_point(path), || {
                format!("{path:?} is not a path to mount at")
            })?;
            ensure(seen.insert(path), || format!("{path} is mounted twice"))?;
        }
        let sized = self
            .tmpfs
            .iter()
            .all(|tmpfs| (1..MAX_BYTES).contains(&tmpfs.size_bytes));
        ensure(sized, || "a tmpfs must have a size".to_owned())
    }
}

/// Whether this can be an image's name with its tag.
pub fn is_image_tag(tag: &str) -> bool {
    image_tag(tag).is_ok()
}

/// Refuses what is not an image's tag; tags become part of a request's path.
pub(in super::super) fn image_tag(tag: &str) -> EngineResult<()> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/' | ':' | '@');
    let starts_well = tag.starts_with(|c: char| c.is_ascii_alphanumeric());
    let wrong = !starts_well || tag.len() > 255 || tag.contains("..") || !tag.chars().all(allowed);
    ensure(!wrong, || format!("{tag:?} is not an image's tag"))
}

fn is_mount_point(path: &str) -> bool {
    let plain = !path
        .chars()
        .any(|c| c.is_control() || matches!(c, ':' | ',' | '\\'));
    let parts = path.strip_prefix('/').is_some_and(|rest| {
        rest.split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
    });
    plain && parts && path.len() <= 4096
}

fn is_host_name(name: &str) -> bool {
    let label = |part: &str| {
        let inside = part
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_');
        inside && !part.is_empty() && part.len() <= 63 && !part.starts_with('-') && !part.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}

fn ensure(holds: bool, message: impl FnOnce() -> String) -> EngineResult<()> {
    if holds {
        Ok(())
    } else {
        Err(EngineError::Invalid(message()))
    }
}
