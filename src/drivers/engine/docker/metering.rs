//! What many servers use, at once: from the kernel's files where they can be read, else from the engine, a few questions at a
//! time. Which container is whose is remembered, so that in the long run no question is asked about that.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use bollard::query_parameters::ListContainersOptionsBuilder;
use futures_util::{StreamExt as _, stream};
use tokio::sync::Mutex;

use super::super::{EngineError, EngineResult, ServerKey, Stats};
use super::cgroups::Cgroups;
use super::connection::Connection;
use super::raw;

/// How many containers the engine is asked about at once. It works a while for each answer, and has other things to do.
const AT_ONCE: usize = 4;
/// A server that runs by what we know, and has no container, is looked for again after so many calls.
const PATIENCE: u32 = 6;

/// Knows where to read what each server uses.
#[derive(Debug)]
pub(super) struct Meter {
    groups: Option<Cgroups>,
    known: Mutex<Known>,
}

/// A running container.
#[derive(Debug, Clone)]
struct Place {
    id: String,
    /// Its control group, if its files can be read.
    group: Option<String>,
}

#[derive(Debug, Default)]
struct Known {
    places: HashMap<ServerKey, Place>,
    missing: HashSet<ServerKey>,
    calls: u32,
}

impl Known {
    /// Forgets who is not asked for any more.
    fn keep(&mut self, servers: &[ServerKey]) {
        let asked: HashSet<&ServerKey> = servers.iter().collect();
        self.places.retain(|server, _| asked.contains(server));
        self.missing.retain(|server| asked.contains(server));
        self.calls += 1;
        if self.calls.is_multiple_of(PATIENCE) {
            self.missing.clear();
        }
    }

    fn is_unknown(&self, server: &ServerKey) -> bool {
        !self.places.contains_key(server) && !self.missing.contains(server)
    }
}

impl Meter {
    /// For an engine on this host, or for one somewhere else.
    pub(super) fn new(is_local: bool) -> Self {
        let groups = || Cgroups::at(Path::new("/sys/fs/cgroup"), Path::new("/proc"));
        Self {
            groups: is_local.then(groups),
            known: Mutex::default(),
        }
    }

    /// What those of `servers` that run use.
    pub(super) async fn read(
        &self,
        engine: &Connection,
        servers: &[ServerKey],
    ) -> EngineResult<Vec<(ServerKey, Stats)>> {
        let mut known = self.known.lock().await;
        known.keep(servers);
        let mut found = Vec::with_capacity(servers.len());
        let mut wanted = servers.to_vec();
        // The second look is for containers that took the place of others since the first.
        for _ in 0..2 {
            if wanted.iter().any(|server| known.is_unknown(server)) {
                self.learn(engine, &mut known, &wanted).await?;
            }
            let (read, lost) = self.measure(engine, &known, wanted).await?;
            found.extend(read);
            if lost.is_empty() {
                break;
            }
            known.places.retain(|server, _| !lost.contains(server));
            wanted = lost;
        }
        Ok(found)
    }

    /// Asks the engine, once, which containers run.
    async fn learn(&self, engine: &Connection, known: &mut Known, wanted: &[ServerKey]) -> EngineResult<()> {
        let mut running = engine.running().await?;
        for server in wanted {
            if known.places.contains_key(server) {
                continue;
            }
            let Some(id) = running.remove(server) else {
                known.missing.insert(server.clone());
                continue;
            };
            let group = self.groups.as_ref().and_then(|groups| groups.find(&id));
            known.missing.remove(server);
            known.places.insert(server.clone(), Place { id, group });
        }
        Ok(())
    }

    /// What can be measured, and whose container was not where it had been.
    async fn measure(
        &self,
        engine: &Connection,
        known: &Known,
        wanted: Vec<ServerKey>,
    ) -> EngineResult<(Vec<(ServerKey, Stats)>, Vec<ServerKey>)> {
        let (mut local, mut remote) = (Vec::new(), Vec::new());
        for server in wanted {
            match known.places.get(&server).cloned() {
                Some(Place {
                    group: Some(group), ..
                }) => local.push((server, group)),
                Some(place) => remote.push((server, place.id)),
                None => {}
            }
        }
        let (mut read, mut lost) = self.read_files(local).await?;
        let answers = stream::iter(remote)
            .map(|(server, id)| async move { (server, engine.stats_of(&id).await) })
            .buffer_unordered(AT_ONCE);
        let answers: Vec<_> = answers.collect().await;
        // One that the engine cannot tell about must not hide the others. If it tells about none, it is away.
        let mut failure = None;
        for (server, answer) in answers {
            match answer {
                Ok(Some(stats)) => read.push((server, stats)),
                Ok(None) => lost.push(server),
                Err(error) => failure = Some(error),
            }
        }
        if let Some(error) = failure.filter(|_| read.is_empty()) {
            return Err(error);
        }
        Ok((read, lost))
    }

    /// In a thread of its own: reading files blocks, if only for microseconds each.
    async fn read_files(
        &self,
        local: Vec<(ServerKey, String)>,
    ) -> EngineResult<(Vec<(ServerKey, Stats)>, Vec<ServerKey>)> {
        let Some(groups) = self.groups.clone().filter(|_| !local.is_empty()) else {
            return Ok((Vec::new(), Vec::new()));
        };
        let read = tokio::task::spawn_blocking(move || {
            let (mut read, mut lost) = (Vec::with_capacity(local.len()), Vec::new());
            for (server, group) in local {
                match groups.read(&group) {
                    Some(stats) => read.push((server, stats)),
                    None => lost.push(server),
                }
            }
            (read, lost)
        });
        read.await.map_err(|error| EngineError::Failed {
            status: 0,
            message: "reading control groups broke off".to_owned(),
            source: Some(Box::new(error)),
        })
    }
}

impl Connection {
    /// The ids of our running containers.
    async fn running(&self) -> EngineResult<HashMap<ServerKey, String>> {
        let options = ListContainersOptionsBuilder::default()
            .filters(&self.mine())
            .build();
        let answer = self.docker.list_containers(Some(options)).await;
        let list: Vec<raw::Summary> = raw::read(answer).map_err(|failure| self.failure(failure))?;
        let owner = self.owner()?;
        let named = list
            .into_iter()
            .filter_map(|line| Some((super::containers::server_of(&line, &owner)?, line.id)));
        Ok(named.collect())
    }
}
