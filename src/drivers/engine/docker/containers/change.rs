//! Power, and removal.

use std::time::Duration;

use bollard::query_parameters::{
    KillContainerOptions, RemoveContainerOptionsBuilder, StopContainerOptionsBuilder,
    WaitContainerOptionsBuilder,
};
use futures_util::StreamExt;

use crate::platform::fault;

use super::super::super::{
    ContainerSpec, EngineError, EngineResult, Limits, MAX_GRACE, Outcome, ServerKey, spec::whole_seconds,
};
use super::super::{connection::Connection, error, raw};

impl Connection {
    pub(in super::super) async fn start(&self, server: &ServerKey) -> EngineResult<Outcome> {
        let Some(container) = self.find(server).await? else {
            return Ok(Outcome::Gone);
        };
        let patient = self.patient(Duration::ZERO);
        let answer = match container.state.status.as_str() {
            "running" | "restarting" => return Ok(Outcome::Already),
            "paused" => patient.docker.unpause_container(&container.id).await,
            _ => patient.docker.start_container(&container.id, None).await,
        };
        match answer {
            Ok(()) => {
                fault::point("engine.container_started");
                Ok(Outcome::Done)
            }
            Err(failure) => match (error::status(&failure), error::message(&failure)) {
                (Some(404), message) if message.contains("network") => Err(EngineError::NetworkMissing {
                    network: message.to_owned(),
                }),
                (Some(404), message) if message.contains("No such container") => Ok(Outcome::Gone),
                _ => Err(patient.failure(failure)),
            },
        }
    }

    /// `used` is the memory that its processes use. On some kernels less than that would kill them, and others refuse it.
    pub(in super::super) async fn set_limits(
        &self,
        server: &ServerKey,
        limits: Limits,
        used: Option<u64>,
    ) -> EngineResult<Outcome> {
        let Some(container) = self.find(server).await? else {
            return Ok(Outcome::Gone);
        };
        let has = super::observe::limits(&container.host);
        if has == limits {
            return Ok(Outcome::Already);
        }
        let limit = limits.memory_bytes;
        let used = used.filter(|_| has_process(&container)).unwrap_or_default();
        if limit < has.memory_bytes && used > limit {
            return Err(EngineError::MemoryInUse { used, limit });
        }
        let body = ContainerSpec::to_update(limits);
        match self.docker.update_container(&container.id, body).await {
            Ok(()) => Ok(Outcome::Done),
            Err(failure) if error::status(&failure) == Some(404) => Ok(Outcome::Gone),
            Err(failure) if error::message(&failure).contains("resource busy") => {
                Err(EngineError::MemoryInUse { used, limit })
            }
            Err(failure) => Err(self.failure(failure)),
        }
    }

    pub(in super::super) async fn stop(&self, server: &ServerKey, grace: Duration) -> EngineResult<Outcome> {
        match self.find(server).await? {
            Some(container) => self.stop_found(&container, grace.min(MAX_GRACE)).await,
            None => Ok(Outcome::Gone),
        }
    }

    async fn stop_found(&self, container: &raw::Container, grace: Duration) -> EngineResult<Outcome> {
        if !has_process(container) {
            return Ok(Outcome::Already);
        }
        let seconds = i32::try_from(whole_seconds(grace)).unwrap_or(i32::MAX);
        let options = StopContainerOptionsBuilder::default().t(seconds).build();
        let patient = self.patient(grace);
        match patient.docker.stop_container(&container.id, Some(options)).await {
            Ok(()) => Ok(Outcome::Done),
            Err(failure) if error::status(&failure) == Some(404) => Ok(Outcome::Gone),
            Err(failure) => Err(patient.failure(failure)),
        }
    }

    pub(in super::super) async fn kill(&self, server: &ServerKey) -> EngineResult<Outcome> {
        let Some(container) = self.find(server).await? else {
            return Ok(Outcome::Gone);
        };
        if container.state.status == "restarting" {
            // There is no process to kill, but a restart to call off.
            return self.stop_found(&container, Duration::ZERO).await;
        }
        let patient = self.patient(Duration::ZERO);
        match patient
            .docker
            .kill_container(&container.id, None::<KillContainerOptions>)
            .await
        {
            Ok(()) => Ok(Outcome::Done),
            Err(failure) => match error::status(&failure) {
                Some(404) => Ok(Outcome::Gone),
                Some(409) => Ok(Outcome::Already),
                _ => Err(patient.failure(failure)),
            },
        }
    }

    pub(in super::super) async fn remove(&self, server: &ServerKey) -> EngineResult<Outcome> {
        match self.find(server).await? {
            Some(container) => self.remove_found(&container).await,
            None => Ok(Outcome::Gone),
        }
    }

    /// Ends and removes a container to make room for the next.
    pub(in super::super) async fn discard(
        &self,
        container: &raw::Container,
        grace: Duration,
    ) -> EngineResult<()> {
        self.stop_found(container, grace).await?;
        self.remove_found(container).await.map(drop)
    }

    /// Removes also the volumes that the engine made by itself for the image; named ones stay.
    pub(in super::super) async fn remove_found(&self, container: &raw::Container) -> EngineResult<Outcome> {
        let options = RemoveContainerOptionsBuilder::default()
            .force(true)
            .v(true)
            .build();
        let patient = self.patient(Duration::ZERO);
        match patient
            .docker
            .remove_container(&container.id, Some(options))
            .await
        {
            Ok(()) => Ok(Outcome::Done),
            Err(failure) => match (error::status(&failure), error::message(&failure)) {
                (Some(404), _) => Ok(Outcome::Gone),
                (Some(409), message) if message.contains("already in progress") => {
                    patient.wait_until_removed(&container.id).await
                }
                _ => Err(patient.failure(failure)),
            },
        }
    }

    async fn wait_until_removed(&self, id: &str) -> EngineResult<Outcome> {
        let options = WaitContainerOptionsBuilder::default()
            .condition("removed")
            .build();
        let mut ended = self.docker.wait_container(id, Some(options));
        match tokio::time::timeout(self.docker.timeout(), ended.next()).await {
            Ok(Some(Err(failure))) if error::status(&failure).is_some_and(|status| status != 404) => {
                Err(self.failure(failure))
            }
            Ok(_) => Ok(Outcome::Done),
            Err(_) => Err(EngineError::Timeout(self.docker.timeout())),
        }
    }
}

fn has_process(container: &raw::Container) -> bool {
    !matches!(
        container.state.status.as_str(),
        "created" | "exited" | "dead" | "removing"
    )
}
