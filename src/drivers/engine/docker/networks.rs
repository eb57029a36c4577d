//! Tenants' networks.
//!
//! Names of networks are not unique on engines before API 1.44, and a container cannot start in a network whose name
//! two have. Two panels can make one tenant's first network at the same moment, so whoever makes one looks again
//! afterwards: the oldest stays, and each maker removes its own if that is another.

use bollard::models::{EndpointSettings, NetworkConnectRequest, NetworkDisconnectRequest};
use bollard::query_parameters::ListNetworksOptionsBuilder;

use crate::platform::fault;

use super::super::{
    EngineError, EngineResult, Network, NetworkKey, NetworkSpec, Outcome, Owner, ServerKey, TenantKey,
    spec::label,
};
use super::{connection::Connection, error, raw};

impl Connection {
    /// The network, if it is there already.
    pub(super) async fn known_network(&self, spec: &NetworkSpec) -> EngineResult<Option<Network>> {
        spec.validate()?;
        match self.find_network(&spec.key).await? {
            Some(network) => known(&network, &self.owner()?)
                .map(Some)
                .ok_or(EngineError::Foreign { name: network.name }),
            None => Ok(None),
        }
    }

    /// Makes the network, or finds the one that somebody else made meanwhile.
    pub(super) async fn make_network(&self, spec: &NetworkSpec) -> EngineResult<Network> {
        if let Some(network) = self.known_network(spec).await? {
            return Ok(network);
        }
        let owner = self.owner()?;
        let made = self.docker.create_network(spec.to_network(&owner)).await;
        let id = match made {
            Ok(answer) => Some(answer.id),
            Err(failure) if lost_a_race(&failure) => None,
            Err(failure) => return Err(self.failure(failure)),
        };
        fault::point("engine.network_made");
        let Some(oldest) = self.find_network(&spec.key).await? else {
            return Err(self.network_refused(spec));
        };
        if let Some(id) = id.filter(|id| *id != oldest.id) {
            self.delete_network(&id, &oldest.name).await?;
        }
        known(&oldest, &owner).ok_or(EngineError::Foreign { name: oldest.name })
    }

    /// The engine says that the addresses are taken, but not by the network that was asked for.
    fn network_refused(&self, spec: &NetworkSpec) -> EngineError {
        let name = self.instance.name(spec.key.as_str());
        let subnet = spec.subnet.as_deref().unwrap_or("its addresses");
        EngineError::Invalid(format!(
            "network {name} cannot be made: {subnet} overlaps with another network"
        ))
    }

    pub(super) async fn remove_network(&self, key: &NetworkKey) -> EngineResult<Outcome> {
        match self.find_network(key).await? {
            Some(network) => self.delete_network(&network.id, &network.name).await,
            None => Ok(Outcome::Gone),
        }
    }

    async fn delete_network(&self, id: &str, name: &str) -> EngineResult<Outcome> {
        match self.docker.remove_network(id).await {
            Ok(()) => Ok(Outcome::Done),
            Err(failure) => match error::status(&failure) {
                Some(404) => Ok(Outcome::Gone),
                Some(403 | 409) => Err(EngineError::InUse {
                    name: name.to_owned(),
                }),
                _ => Err(self.failure(failure)),
            },
        }
    }

    pub(super) async fn join_network(
        &self,
        server: &ServerKey,
        key: &NetworkKey,
        aliases: &[String],
    ) -> EngineResult<Outcome> {
        let Some(container) = self.find(server).await? else {
            return Ok(Outcome::Gone);
        };
        let name = self.instance.name(key.as_str());
        let Some(network) = self.find_network(key).await? else {
            return Err(EngineError::NetworkMissing { network: name });
        };
        if network.labels.get(label::TENANT) != container.config.labels.get(label::TENANT) {
            return Err(EngineError::Foreign { name });
        }
        if container.network.networks.contains_key(&name) {
            return Ok(Outcome::Already);
        }
        let request = NetworkConnectRequest {
            container: container.id.clone(),
            endpoint_config: Some(EndpointSettings {
                aliases: Some(aliases.to_vec()),
                ..EndpointSettings::default()
            }),
        };
        match self.docker.connect_network(&network.id, request).await {
            Ok(()) => {
                fault::point("engine.network_connected");
                Ok(Outcome::Done)
            }
            Err(failure) => match (error::status(&failure), error::message(&failure)) {
                (_, message) if message.contains("already exists in network") => Ok(Outcome::Already),
                (Some(404), message) if message.contains("No such container") => Ok(Outcome::Gone),
                (Some(404), _) => Err(EngineError::NetworkMissing { network: name }),
                _ => Err(self.failure(failure)),
            },
        }
    }

    /// By the network's name, because a stopped container may be in one that is gone, in which it could not start.
    pub(super) async fn leave_network(&self, server: &ServerKey, key: &NetworkKey) -> EngineResult<Outcome> {
        let name = self.instance.name(key.as_str());
        let Some(container) = self.find(server).await? else {
            return Ok(Outcome::Gone);
        };
        if !container.network.networks.contains_key(&name) {
            return Ok(Outcome::Gone);
        }
        // Somebody else's network of that name is not left either.
        self.find_network(key).await?;
        let request = NetworkDisconnectRequest {
            container: container.id.clone(),
            force: Some(true),
        };
        match self.docker.disconnect_network(&name, request).await {
            Ok(()) => Ok(Outcome::Done),
            Err(failure) => match (error::status(&failure), error::message(&failure)) {
                (Some(404), _) => Ok(Outcome::Gone),
                (_, message) if message.contains("is not connected to") => Ok(Outcome::Gone),
                _ => Err(self.failure(failure)),
            },
        }
    }

    pub(super) async fn list_networks(&self) -> EngineResult<Vec<Network>> {
        let (owner, list) = (self.owner()?, self.instances_networks().await?);
        Ok(list.iter().filter_map(|network| known(network, &owner)).collect())
    }

    /// Of whatever installation.
    async fn instances_networks(&self) -> EngineResult<Vec<raw::Network>> {
        let options = ListNetworksOptionsBuilder::default()
            .filters(&self.mine())
            .build();
        let answer = self.docker.list_networks(Some(options)).await;
        raw::read(answer).map_err(|failure| self.failure(failure))
    }

    /// The bridges of the instance's networks whose names don't begin as they do now: versions of Berth before the guard let the
    /// engine choose, which takes the first letters of the network's id.
    pub(super) async fn unnamed_bridges(&self) -> EngineResult<Vec<String>> {
        let prefix = self.instance.bridges();
        let networks = self.instances_networks().await?;
        let names = networks.iter().map(|network| {
            let named = network.options.get("com.docker.network.bridge.name").cloned();
            named.unwrap_or_else(|| format!("br-{}", network.id.get(..12).unwrap_or(&network.id)))
        });
        let mut others: Vec<String> = names.filter(|name| !name.starts_with(&prefix)).collect();
        others.sort();
        Ok(others)
    }

    /// The oldest network with the key's name, or an error if that is somebody else's.
    pub(super) async fn find_network(&self, key: &NetworkKey) -> EngineResult<Option<raw::Network>> {
        let name = self.instance.name(key.as_str());
        // The engine's filter finds parts of names.
        let filters = std::collections::HashMap::from([("name".to_owned(), vec![name.clone()])]);
        let options = ListNetworksOptionsBuilder::default().filters(&filters).build();
        let answer = self.docker.list_networks(Some(options)).await;
        let list: Vec<raw::Network> = raw::read(answer).map_err(|failure| self.failure(failure))?;
        let named = list.into_iter().filter(|network| network.name == name);
        let oldest = named.min_by_key(|network| (raw::moment(&network.created), network.id.clone()));
        if let Some(network) = &oldest {
            self.owner()?.demand(&name, &network.labels)?;
        }
        Ok(oldest)
    }
}

/// A network by that name, or with that subnet, came to be between our look and our request.
fn lost_a_race(failure: &bollard::errors::Error) -> bool {
    let message = error::message(failure);
    error::status(failure) == Some(409)
        || message.contains("Pool overlaps")
        || message.contains("conflicts with network")
}

/// A network of this owner's.
fn known(network: &raw::Network, owner: &Owner) -> Option<Network> {
    Some(Network {
        is_marked: owner.demand(&network.name, &network.labels).ok()?,
        key: NetworkKey::new(network.labels.get(label::NETWORK)?.as_str()).ok()?,
        tenant: TenantKey::new(network.labels.get(label::TENANT)?.as_str()).ok()?,
        name: network.name.clone(),
        subnets: network
            .ipam
            .config
            .iter()
            .map(|range| range.subnet.clone())
            .collect(),
        internal: network.internal,
    })
}
