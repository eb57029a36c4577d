//! Making a container from a specification.

use std::time::Duration;

use bollard::{models::ContainerCreateBody, query_parameters::CreateContainerOptionsBuilder};
use futures_util::future::try_join_all;
use tokio::try_join;

use crate::platform::fault;

use super::super::super::{
    ContainerSpec, EngineError, EngineResult, Observed, ObservedState, ServerKey, TenantKey, VolumeKey,
    spec::label,
};
use super::super::{connection::Connection, error, raw};
use super::observe::{observed, stamp};

/// How often to look again when somebody else makes or removes the same container meanwhile, and after how long: its name is
/// taken a moment before it can be seen.
pub(in super::super) const ATTEMPTS: usize = 20;
pub(in super::super) const LOOK_AGAIN: Duration = Duration::from_millis(100);

enum Made {
    Container(String),
    NameTaken,
}

impl Connection {
    pub(in super::super) async fn ensure(&self, spec: &ContainerSpec) -> EngineResult<Observed> {
        let body = spec.to_container(&self.owner()?)?;
        for _ in 0..ATTEMPTS {
            let found = self.find(&spec.server).await?;
            if let Some(container) = found {
                if is_current_server(&container, spec)? {
                    return Ok(observed(spec.server.clone(), container));
                }
                // The old one goes only when nothing is missing for the new one.
                self.check_parts(spec).await?;
                self.check_image(spec).await?;
                self.discard(&container, spec.stop_grace).await?;
                fault::point("engine.container_discarded");
            } else {
                self.check_parts(spec).await?;
            }
            match self.create(spec, body.clone()).await? {
                Made::Container(id) => {
                    fault::point("engine.container_made");
                    return created(spec, id);
                }
                Made::NameTaken => tokio::time::sleep(LOOK_AGAIN).await,
            }
        }
        let message = format!("somebody else keeps making the container of {}", spec.server);
        Err(EngineError::Failed {
            status: 409,
            message,
            source: None,
        })
    }

    async fn create(&self, spec: &ContainerSpec, body: ContainerCreateBody) -> EngineResult<Made> {
        let name = self.instance.name(spec.server.as_str());
        let options = CreateContainerOptionsBuilder::default().name(&name).build();
        let patient = self.patient(spec.stop_grace);
        match patient.docker.create_container(Some(options), body).await {
            Ok(answer) => Ok(Made::Container(answer.id)),
            Err(failure) => match (error::status(&failure), error::message(&failure)) {
                (Some(409), message) if message.contains("already in use") => Ok(Made::NameTaken),
                (Some(404), message) if message.contains("network") => Err(EngineError::NetworkMissing {
                    network: self.instance.name(spec.network.as_str()),
                }),
                (Some(404), _) => Err(EngineError::ImageMissing {
                    image: spec.image.clone(),
                }),
                _ => Err(patient.failure(failure)),
            },
        }
    }

    pub(in super::super) async fn check_image(&self, spec: &ContainerSpec) -> EngineResult<()> {
        if self.image_exists(&spec.image).await? {
            Ok(())
        } else {
            Err(EngineError::ImageMissing {
                image: spec.image.clone(),
            })
        }
    }

    /// The engine would make a missing volume by itself, without labels and limit, and would mount anybody's.
    pub(in super::super) async fn check_parts(&self, spec: &ContainerSpec) -> EngineResult<()> {
        let network = self.check_network(spec);
        let volumes = spec
            .volumes
            .iter()
            .map(|mount| self.check_volume(&mount.volume, (&spec.server, &spec.tenant)));
        try_join!(network, try_join_all(volumes)).map(drop)
    }

    async fn check_network(&self, spec: &ContainerSpec) -> EngineResult<()> {
        let name = self.instance.name(spec.network.as_str());
        match self.find_network(&spec.network).await? {
            Some(network) => check_tenant(name, &network.labels, &spec.tenant),
            None => Err(EngineError::NetworkMissing { network: name }),
        }
    }

    pub(in super::super) async fn check_volume(
        &self,
        volume: &VolumeKey,
        owner: (&ServerKey, &TenantKey),
    ) -> EngineResult<()> {
        let name = self.instance.name(volume.as_str());
        match self.find_volume(volume).await? {
            Some(volume) => check_volume_owner(name, &volume.labels, owner),
            None => Err(EngineError::VolumeMissing { volume: name }),
        }
    }
}

/// Whether a server may have a volume of ours: it was made for just this server, or for its tenant. No label of a volume can be
/// changed, and a server with its volumes may get another tenant.
fn check_volume_owner(
    name: String,
    labels: &raw::Labels,
    (server, tenant): (&ServerKey, &TenantKey),
) -> EngineResult<()> {
    match labels.get(label::SERVER) {
        Some(value) if value == server.as_str() => Ok(()),
        _ => check_tenant(name, labels, tenant),
    }
}

/// Whether a part of ours is the tenant's.
fn check_tenant(name: String, labels: &raw::Labels, tenant: &TenantKey) -> EngineResult<()> {
    match labels.get(label::TENANT) {
        Some(value) if value == tenant.as_str() => Ok(()),
        _ => Err(EngineError::Foreign { name }),
    }
}

/// Whether a container can stay. One that is being removed, or was removed in part, cannot.
pub(in super::super) fn is_current(container: &raw::Container, hash: &str) -> bool {
    !is_leaving(container)
        && container
            .config
            .labels
            .get(label::SPEC)
            .is_some_and(|value| value == hash)
}

/// The same for a server's container, whose limits may have been changed since it was made.
fn is_current_server(container: &raw::Container, spec: &ContainerSpec) -> EngineResult<bool> {
    let is_seen = match stamp(container) {
        Some(seen) => spec.is_seen_as(&seen)?,
        None => false,
    };
    Ok(is_seen && !is_leaving(container))
}

fn is_leaving(container: &raw::Container) -> bool {
    matches!(container.state.status.as_str(), "dead" | "removing")
}

fn created(spec: &ContainerSpec, id: String) -> EngineResult<Observed> {
    Ok(Observed {
        state: ObservedState::Created,
        spec_hash: Some(spec.stamp()?),
        container_id: Some(id),
        image: Some(spec.image.clone()),
        networks: [spec.network.clone()].into(),
        ..Observed::gone(spec.server.clone())
    })
}
