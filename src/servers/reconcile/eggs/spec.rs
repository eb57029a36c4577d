//! What an egg makes of its server's container.
//!
//! What differs from templates of the catalogue: its standard input stays open, programs can be run from its `/tmp`, and
//! its command and environment are the egg's. What stays: a fixed user that is not root, no capabilities, a read-only root.

use std::collections::BTreeMap;

use crate::drivers::engine::{ContainerSpec, Env};
use crate::eggs::{Egg, HOME, IMAGE_KEY, STARTUP_KEY};

use super::super::spec::Parts;

/// Makes a server's container the egg's.
pub(in super::super) fn adapt(spec: &mut ContainerSpec, egg: &Egg, parts: &Parts<'_>) {
    let answers = spec
        .env
        .iter()
        .map(|(key, value)| (key.to_owned(), value.to_owned()));
    let mut env: BTreeMap<String, String> = answers.collect();
    env.remove(IMAGE_KEY);
    env.extend(egg.fixed.iter().cloned());
    env.extend(ours(egg, parts).map(|(key, value)| (key.to_owned(), value)));
    spec.env = env.into_iter().collect::<Env>();
    spec.command = Some(egg.command());
    spec.open_stdin = true;
    for tmpfs in &mut spec.tmpfs {
        tmpfs.exec = true;
    }
}

/// What the entry points of eggs' images and their scripts expect.
fn ours(egg: &Egg, parts: &Parts<'_>) -> [(&'static str, String); 8] {
    let port = parts.ports.iter().find(|port| !port.is_udp);
    let port = port
        .map(|port| port.container_port.to_string())
        .unwrap_or_default();
    [
        (STARTUP_KEY, egg.startup.clone()),
        (
            "SERVER_MEMORY",
            usable(parts.server.resources.memory_mib).to_string(),
        ),
        ("SERVER_IP", "0.0.0.0".to_owned()),
        ("SERVER_PORT", port),
        ("P_SERVER_UUID", parts.server.id.0.to_string()),
        ("P_SERVER_LOCATION", parts.location.name.clone()),
        ("HOME", HOME.to_owned()),
        ("TZ", "UTC".to_owned()),
    ]
}

/// The memory that a program may plan with, in MiB: what a runtime needs beside it is left out, as other panels add it to
/// the container's limit. Otherwise `-Xmx{{SERVER_MEMORY}}M` would be killed by the kernel.
fn usable(memory_mib: i64) -> i64 {
    let percent = match memory_mib {
        ..=2_048 => 115,
        2_049..=4_096 => 110,
        _ => 105,
    };
    memory_mib * 100 / percent
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_runtime_has_room_beside_what_it_is_told() {
        assert_eq!(super::usable(256), 222);
        assert_eq!(super::usable(4_096), 3_723);
        assert_eq!(super::usable(32_768), 31_207);
    }
}
