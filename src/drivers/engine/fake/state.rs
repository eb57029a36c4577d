//! The fake's containers: a small state machine for each.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    net::{IpAddr, Ipv4Addr},
};

use chrono::{DateTime, Utc};

use super::super::{
    ContainerSpec, CopyFailure, EngineError, EngineEvent, EngineResult, EventKind, GuardSpec, Health, Image,
    InstanceKey, Limits, LogLine, Network, NetworkKey, Observed, ObservedState, Outcome, ServerKey, Stats,
    Volume, VolumeKey,
};
use super::calls::{Calls, Program};
use super::terminal::Shells;
use super::tree::Tree;
use crate::drivers::pool::fake::FakePool;

/// What a process returns that the stop signal ended.
pub(super) const TERMINATED: i64 = 143;
/// What a killed process returns.
pub(super) const KILLED: i64 = 137;
/// 2026-01-01T00:00:00Z.
const EPOCH: i64 = 1_767_225_600;

/// Everything on the fake engine.
pub(super) struct State {
    pub(super) instance: InstanceKey,
    pub(super) calls: Calls,
    pub(super) containers: BTreeMap<ServerKey, Container>,
    pub(super) networks: BTreeMap<NetworkKey, Network>,
    pub(super) volumes: BTreeMap<VolumeKey, Volume>,
    pub(super) guard: Option<GuardSpec>,
    pub(super) images: BTreeMap<String, (Image, bool)>,
    pub(super) foreign: BTreeSet<String>,
    pub(super) programs: HashMap<ServerKey, Program>,
    pub(super) shells: Shells,
    /// What each server's task writes and returns; nothing and 0 if absent.
    pub(super) tasks: HashMap<ServerKey, (Vec<String>, i64)>,
    /// What the backup helper answers to each command, returns and complains about; nothing and 0 if absent.
    pub(super) helper_answers: HashMap<String, (String, i32, String)>,
    /// What only the next call of a command answers; no code is one that is cut off.
    pub(super) helper_next: HashMap<String, (Option<i32>, String)>,
    /// What the backup helper was called with.
    pub(super) helper_calls: Vec<Vec<String>>,
    /// How servers' copies fail, where a test says it.
    pub(super) copies: HashMap<ServerKey, CopyFailure>,
    /// What registries have.
    pub(super) registry: BTreeSet<String>,
    /// The lines that servers were asked to stop by.
    pub(super) typed: Vec<(ServerKey, String)>,
    /// What servers use, where a test says it.
    pub(super) used: HashMap<ServerKey, Stats>,
    pub(super) events: Vec<EngineEvent>,
    /// By the container or volume that they are in, and their path there.
    pub(super) files: BTreeMap<(String, String), Vec<u8>>,
    pub(super) trees: BTreeMap<VolumeKey, Tree>,
    /// Where the volumes are that are not the engine's own.
    pub(super) pool: FakePool,
    made: u32,
    pub(super) ticks: i64,
}

/// One container: what is seen of it and what it was made from.
pub(super) struct Container {
    pub(super) spec: ContainerSpec,
    pub(super) seen: Observed,
    pub(super) log: Vec<LogLine>,
    /// The names that it has in each of its networks.
    pub(super) aliases: BTreeMap<NetworkKey, Vec<String>>,
}

impl State {
    pub(super) fn new(instance: InstanceKey) -> Self {
        Self {
            instance,
            calls: Calls::default(),
            containers: BTreeMap::new(),
            networks: BTreeMap::new(),
            volumes: BTreeMap::new(),
            guard: None,
            images: BTreeMap::new(),
            foreign: BTreeSet::new(),
            programs: HashMap::new(),
            shells: Shells::default(),
            tasks: HashMap::new(),
            helper_answers: HashMap::new(),
            helper_next: HashMap::new(),
            helper_calls: Vec::new(),
            copies: HashMap::new(),
            registry: BTreeSet::new(),
            typed: Vec::new(),
            used: HashMap::new(),
            events: Vec::new(),
            files: BTreeMap::new(),
            trees: BTreeMap::new(),
            pool: FakePool::default(),
            made: 0,
            ticks: 0,
        }
    }

    /// The next moment.
    pub(super) fn now(&mut self) -> Option<DateTime<Utc>> {
        self.ticks += 1;
        DateTime::from_timestamp_millis(EPOCH * 1000 + self.ticks)
    }

    /// The name of an object, unless it is somebody else's.
    pub(super) fn own_name(&self, key: &str) -> EngineResult<String> {
        let name = self.instance.name(key);
        if self.foreign.contains(&name) {
            Err(EngineError::Foreign { name })
        } else {
            Ok(name)
        }
    }

    pub(super) fn observe_all(&self) -> Vec<Observed> {
        self.containers
            .values()
            .map(|container| container.seen.clone())
            .collect()
    }

    pub(super) fn observe(&self, server: &ServerKey) -> EngineResult<Observed> {
        self.own_name(server.as_str())?;
        let found = self.containers.get(server);
        Ok(found.map_or_else(
            || Observed::gone(server.clone()),
            |container| container.seen.clone(),
        ))
    }

    pub(super) fn ensure(&mut self, spec: &ContainerSpec) -> EngineResult<Observed> {
        spec.validate()?;
        let stamp = spec.stamp()?;
        let seen = self.observe(&spec.server)?;
        if seen.spec_hash.as_ref() == Some(&stamp) {
            return Ok(seen);
        }
        self.check_parts(spec)?;
        self.stop(&spec.server, TERMINATED)?;
        self.remove(&spec.server)?;
        self.made += 1;
        let seen = Observed {
            state: ObservedState::Created,
            spec_hash: Some(stamp),
            container_id: Some(format!("{:064x}", self.made)),
            image: Some(spec.image.clone()),
            networks: BTreeSet::from([spec.network.clone()]),
            ..Observed::gone(spec.server.clone())
        };
        let container = Container {
            spec: spec.clone(),
            seen: seen.clone(),
            log: Vec::new(),
            aliases: BTreeMap::from([(spec.network.clone(), spec.aliases.clone())]),
        };
        self.containers.insert(spec.server.clone(), container);
        self.tell(&spec.server, EventKind::Created);
        Ok(seen)
    }

    pub(super) fn set_limits(&mut self, server: &ServerKey, limits: Limits) -> EngineResult<Outcome> {
        let used = self.stats(server)?.map_or(0, |stats| stats.memory_bytes);
        self.own_name(server.as_str())?;
        let Some(container) = self.containers.get_mut(server) else {
            return Ok(Outcome::Gone);
        };
        let (has, limit) = (container.spec.limits(), limits.memory_bytes);
        if has == limits {
            return Ok(Outcome::Already);
        }
        if limit < has.memory_bytes && used > limit {
            return Err(EngineError::MemoryInUse { used, limit });
        }
        container.spec.cpu_millis = limits.cpu_millis;
        container.spec.memory_bytes = limit;
        container.seen.spec_hash = Some(container.spec.stamp()?);
        Ok(Outcome::Done)
    }

    pub(super) fn start(&mut self, server: &ServerKey) -> EngineResult<Outcome> {
        match self.observe(server)?.state {
            ObservedState::Gone => return Ok(Outcome::Gone),
            ObservedState::Running | ObservedState::Restarting => return Ok(Outcome::Already),
            _ => {}
        }
        let ports = self.publish(server)?;
        self.change(server, |seen| {
            seen.restart_count = 0;
            seen.ports = ports;
        });
        self.run(server);
        Ok(Outcome::Done)
    }

    /// Lets the server's process begin and do what its program says.
    fn run(&mut self, server: &ServerKey) {
        let now = self.now();
        let host = self.containers.keys().position(|key| key == server).unwrap_or(0);
        let address =
            Ipv4Addr::from_bits(Ipv4Addr::new(10, 210, 0, 2).to_bits() + u32::try_from(host).unwrap_or(0));
        let checked = self
            .containers
            .get(server)
            .is_some_and(|container| container.spec.health.is_some());
        self.change(server, |seen| {
            seen.state = ObservedState::Running;
            seen.last_end = None;
            seen.health = if checked { Health::Starting } else { Health::None };
            seen.started_at = now;
            seen.ip_addresses = vec![IpAddr::V4(address)];
        });
        self.tell(server, EventKind::Started);
        let program = self.programs.get(server).cloned().unwrap_or_default();
        for (stream, text) in &program.output {
            self.log(server, *stream, text);
        }
        if let Some(exit_code) = program.exit_code {
            self.end(server, exit_code, false);
            self.change(server, |seen| {
                seen.state = ObservedState::Restarting;
                seen.last_end = Some((exit_code, false));
                seen.restart_count += 1;
            });
        }
    }

    /// What the restart policy does after a process ended by itself.
    pub(super) fn restart(&mut self, server: &ServerKey) {
        self.change(server, |seen| seen.restart_count += 1);
        self.run(server);
    }

    /// The server's process is over.
    pub(super) fn end(&mut self, server: &ServerKey, exit_code: i64, oom_killed: bool) {
        let now = self.now();
        self.shells.retain(|(of, _), _| of != server);
        self.change(server, |seen| {
            seen.last_end = None;
            seen.state = ObservedState::Exited {
                exit_code,
                oom_killed,
            };
            seen.health = Health::None;
            seen.finished_at = now;
            seen.ip_addresses.clear();
        });
        if oom_killed {
            self.tell(server, EventKind::Oom);
        }
        self.tell(server, EventKind::Died { exit_code });
    }

    pub(super) fn stop(&mut self, server: &ServerKey, exit_code: i64) -> EngineResult<Outcome> {
        match self.observe(server)?.state {
            ObservedState::Gone => Ok(Outcome::Gone),
            ObservedState::Running | ObservedState::Restarting | ObservedState::Paused => {
                self.end(server, exit_code, false);
                self.change(server, |seen| seen.ports.clear());
                Ok(Outcome::Done)
            }
            _ => Ok(Outcome::Already),
        }
    }

    pub(super) fn remove(&mut self, server: &ServerKey) -> EngineResult<Outcome> {
        if self.stop(server, KILLED)? == Outcome::Gone {
            return Ok(Outcome::Gone);
        }
        self.tell(server, EventKind::Destroyed);
        self.containers.remove(server);
        Ok(Outcome::Done)
    }

    pub(super) fn set_health(&mut self, server: &ServerKey, health: Health) {
        self.change(server, |seen| seen.health = health);
        self.tell(server, EventKind::Health(health));
    }

    fn change(&mut self, server: &ServerKey, change: impl FnOnce(&mut Observed)) {
        if let Some(container) = self.containers.get_mut(server) {
            change(&mut container.seen);
        }
    }
}
