//! What is seen of the fake's containers from outside: ports, events, logs, measurements.

use std::{collections::BTreeSet, net::IpAddr, time::Duration};

use super::super::{
    EngineError, EngineEvent, EngineInfo, EngineResult, EventKind, LogLine, LogQuery, LogStream,
    MAX_LOG_LINE, ObservedState, Port, Protocol, PublishedPort, ServerKey, Stats, Subject, Volume, VolumeUse,
};
use super::{FakeEngine, Step, calls::away, state::State};
use crate::drivers::pool::fake::FakePool;

/// The first port that is given when a specification leaves it open.
const FIRST_FREE_PORT: u16 = 40_000;

impl FakeEngine {
    /// Goes away, or comes back with everything as it was.
    pub fn set_down(&self, down: bool) {
        self.change(|state| state.calls.down = down);
    }

    /// Where the volumes are that are not the engine's own.
    pub fn pool(&self) -> FakePool {
        self.lock().pool.clone()
    }
}

impl State {
    /// Takes the host's ports that the server publishes.
    pub(super) fn publish(&self, server: &ServerKey) -> EngineResult<Vec<PublishedPort>> {
        let others = self.containers.iter().filter(|(key, _)| *key != server);
        let mut taken: BTreeSet<_> = others
            .flat_map(|(_, other)| &other.seen.ports)
            .map(place)
            .collect();
        let wanted = self
            .containers
            .get(server)
            .map_or(&[][..], |container| &container.spec.ports);
        wanted.iter().map(|port| published(port, &mut taken)).collect()
    }

    pub(super) fn tell(&mut self, server: &ServerKey, kind: EventKind) {
        self.tell_about(Subject::Server(server.clone()), kind);
    }

    pub(super) fn tell_about(&mut self, about: Subject, kind: EventKind) {
        let at = self.now();
        self.events.push(EngineEvent { about, at, kind });
    }

    pub(super) fn next_event(&self, next: &mut usize) -> Step<EngineEvent> {
        match self.events.get(*next) {
            Some(event) => {
                *next += 1;
                Step::Item(event.clone())
            }
            None if self.calls.down => Step::Fail(away()),
            None => Step::Wait,
        }
    }

    pub(super) fn log(&mut self, server: &ServerKey, stream: LogStream, text: &str) {
        let at = self.now();
        let end = text.floor_char_boundary(MAX_LOG_LINE);
        let line = LogLine {
            at,
            stream,
            text: text[..end].to_owned(),
            cut: end < text.len(),
        };
        if let Some(container) = self.containers.get_mut(server) {
            container.log.push(line);
        }
    }

    /// The position of the first line that a query asks for.
    pub(super) fn first_line(&self, server: &ServerKey, query: &LogQuery) -> EngineResult<usize> {
        self.own_name(server.as_str())?;
        let lines = self
            .containers
            .get(server)
            .map_or(0, |container| container.log.len());
        let tail = query
            .tail
            .and_then(|tail| usize::try_from(tail).ok())
            .unwrap_or(lines);
        Ok(lines.saturating_sub(tail))
    }

    pub(super) fn next_line(&self, server: &ServerKey, next: &mut usize, query: &LogQuery) -> Step<LogLine> {
        let Some(container) = self.containers.get(server) else {
            return Step::End;
        };
        let position = container
            .log
            .iter()
            .skip(*next)
            .position(|line| query.covers(line))
            .map(|skip| *next + skip);
        let over = !query.follow || matches!(container.seen.state, ObservedState::Exited { .. });
        match position {
            Some(position) => {
                *next = position + 1;
                Step::Item(container.log[position].clone())
            }
            None if self.calls.down => Step::Fail(away()),
            None if over => Step::End,
            None => Step::Wait,
        }
    }

    /// The lengths of the files.
    pub(super) fn volume_use(&self) -> Vec<VolumeUse> {
        let length = |volume: &Volume| {
            let inside = self.files.iter().filter(|((of, _), _)| *of == volume.name);
            inside.map(|(_, file)| file.len() as u64).sum()
        };
        let all = self.volumes.values().filter(|volume| volume.driver == "local");
        let used = all.map(|volume| VolumeUse {
            name: volume.name.clone(),
            server: volume.server.clone(),
            bytes: length(volume),
        });
        used.collect()
    }

    pub(super) fn stats_all(&mut self, servers: &[ServerKey]) -> EngineResult<Vec<(ServerKey, Stats)>> {
        let mut all = Vec::new();
        for server in servers {
            all.extend(self.stats(server)?.map(|stats| (server.clone(), stats)));
        }
        Ok(all)
    }

    pub(super) fn stats(&mut self, server: &ServerKey) -> EngineResult<Option<Stats>> {
        let running = self.observe(server)?.state == ObservedState::Running;
        if let Some(stats) = self.used.get(server) {
            return Ok(running.then(|| stats.clone()));
        }
        let at = self.now();
        let limit = self
            .containers
            .get(server)
            .map_or(0, |container| container.spec.memory_bytes);
        let cpu_nanos =
            u64::try_from(Duration::from_millis(self.ticks.unsigned_abs()).as_nanos()).unwrap_or(0);
        Ok(running.then(|| Stats {
            at,
            cpu_nanos,
            memory_bytes: limit / 4,
            memory_limit: limit,
            pids: 1,
            ..Stats::default()
        }))
    }
}

type Place = (IpAddr, Protocol, u16);

fn place(port: &PublishedPort) -> Place {
    (port.host_ip, port.protocol, port.host_port)
}

fn published(port: &Port, taken: &mut BTreeSet<Place>) -> EngineResult<PublishedPort> {
    let Port {
        container_port,
        protocol,
        host_ip,
        ..
    } = *port;
    let free = || (FIRST_FREE_PORT..u16::MAX).find(|number| !taken.contains(&(host_ip, protocol, *number)));
    let host_port = port.host_port.or_else(free).unwrap_or(u16::MAX);
    if !taken.insert((host_ip, protocol, host_port)) {
        return Err(EngineError::PortInUse { port: host_port });
    }
    Ok(PublishedPort {
        container_port,
        protocol,
        host_ip,
        host_port,
    })
}

/// A host like the smallest that Berth is tried on.
pub(super) fn info() -> EngineInfo {
    EngineInfo {
        host: "fake".to_owned(),
        version: "20.10.24".to_owned(),
        api_version: "1.41".to_owned(),
        cpus: 2,
        memory_bytes: 8 << 30,
        storage_driver: "overlay2".to_owned(),
        cgroup_version: "2".to_owned(),
        live_restore: true,
        warnings: Vec::new(),
    }
}
