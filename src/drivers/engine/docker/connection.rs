//! A connected engine, and what has nothing to do with containers.

use std::{collections::HashMap, time::Duration};

use bollard::{Docker, errors::Error};
use tokio::try_join;

use super::super::{EngineError, EngineInfo, EngineResult, Installation, InstanceKey, Owner, spec::label};
use super::{error, raw};

/// How long the engine may take to answer a question.
pub(super) const READ_TIMEOUT: Duration = Duration::from_secs(20);
/// How long it may take to change something. Starting a container whose volume driver is away takes it 15 s.
const WRITE_TIMEOUT: Duration = Duration::from_mins(2);

/// A client and whose objects it may touch.
#[derive(Debug, Clone)]
pub(super) struct Connection {
    pub(super) docker: Docker,
    pub(super) instance: InstanceKey,
    installation: Installation,
}

impl Connection {
    pub(super) fn new(docker: Docker, instance: InstanceKey, installation: Installation) -> Self {
        Self {
            docker,
            instance,
            installation,
        }
    }

    /// Whose objects these are, of all that are not images.
    pub(super) fn owner(&self) -> EngineResult<Owner> {
        Ok(Owner {
            instance: self.instance.clone(),
            installation: self.installation.key()?.clone(),
        })
    }

    /// The same with the time that a change may take, after a wait that is part of it.
    pub(super) fn patient(&self, wait: Duration) -> Self {
        Self {
            docker: self.docker.clone().with_timeout(WRITE_TIMEOUT + wait),
            ..self.clone()
        }
    }

    /// What a failed request means.
    pub(super) fn failure(&self, failure: Error) -> EngineError {
        error::map(failure, self.docker.timeout())
    }

    /// A filter for objects of this instance, of whatever installation.
    pub(super) fn mine(&self) -> HashMap<String, Vec<String>> {
        HashMap::from([(
            "label".to_owned(),
            vec![format!("{}={}", label::INSTANCE, self.instance)],
        )])
    }

    pub(super) async fn ping(&self) -> EngineResult<()> {
        self.docker
            .ping()
            .await
            .map(drop)
            .map_err(|failure| self.failure(failure))
    }

    pub(super) async fn info(&self) -> EngineResult<EngineInfo> {
        let version = async {
            self.docker
                .version()
                .await
                .map_err(|failure| self.failure(failure))
        };
        let (info, version) = try_join!(self.raw_info(), version)?;
        Ok(EngineInfo {
            host: info.host,
            version: info.version,
            api_version: version.api_version.unwrap_or_default(),
            cpus: info.cpus,
            memory_bytes: info.memory_bytes,
            storage_driver: info.storage_driver,
            cgroup_version: if info.cgroup_version.is_empty() {
                "1".to_owned()
            } else {
                info.cgroup_version
            },
            live_restore: info.live_restore,
            warnings: info.warnings,
        })
    }

    pub(super) async fn raw_info(&self) -> EngineResult<raw::Info> {
        raw::read(self.docker.info().await).map_err(|failure| self.failure(failure))
    }
}
