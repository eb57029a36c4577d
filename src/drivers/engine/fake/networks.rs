//! The fake's servers in networks, what is taken from it behind everybody's back, and its guard as a test sees and loses it.

use super::super::{EngineError, EngineResult, NetworkKey, Outcome, ServerKey};
use super::FakeEngine;
use super::parts::check_owner;
use super::state::State;

impl FakeEngine {
    /// Whether a server finds another by a name, in a network that both are in.
    pub fn finds(&self, from: &ServerKey, name: &str) -> bool {
        self.lock().finds(from, name)
    }

    /// Takes a server out of a network behind everybody's back.
    pub fn unplug(&self, server: &ServerKey, network: &NetworkKey) {
        drop(self.change(|state| state.leave_network(server, network)));
    }

    /// Removes a server's container behind everybody's back.
    pub fn vanish(&self, server: &ServerKey) {
        drop(self.change(|state| state.remove(server)));
    }

    /// Whether the guard is there.
    pub fn is_guarded(&self) -> bool {
        self.lock().guard.is_some()
    }

    /// Removes the guard behind everybody's back.
    pub fn lose_guard(&self) {
        drop(self.change(State::remove_guard));
    }
}

impl State {
    pub(super) fn join_network(
        &mut self,
        server: &ServerKey,
        key: &NetworkKey,
        aliases: &[String],
    ) -> EngineResult<Outcome> {
        self.own_name(server.as_str())?;
        let Some(container) = self.containers.get(server) else {
            return Ok(Outcome::Gone);
        };
        let name = self.own_name(key.as_str())?;
        match self.networks.get(key) {
            Some(network) => check_owner(name, &network.tenant, &container.spec.tenant)?,
            None => return Err(EngineError::NetworkMissing { network: name }),
        }
        let aliases = aliases.to_vec();
        let Some(container) = self.containers.get_mut(server) else {
            return Ok(Outcome::Gone);
        };
        if !container.seen.networks.insert(key.clone()) {
            return Ok(Outcome::Already);
        }
        container.aliases.insert(key.clone(), aliases);
        Ok(Outcome::Done)
    }

    pub(super) fn finds(&self, from: &ServerKey, name: &str) -> bool {
        let Some(asking) = self.containers.get(from) else {
            return false;
        };
        let mut others = self
            .containers
            .values()
            .filter(|other| other.spec.server != *from);
        others.any(|other| {
            let mut shared = other.seen.networks.intersection(&asking.seen.networks);
            shared.any(|network| {
                other
                    .aliases
                    .get(network)
                    .is_some_and(|names| names.iter().any(|one| one == name))
            })
        })
    }

    pub(super) fn leave_network(&mut self, server: &ServerKey, key: &NetworkKey) -> EngineResult<Outcome> {
        self.own_name(server.as_str())?;
        let name = self.own_name(key.as_str());
        let Some(container) = self.containers.get_mut(server) else {
            return Ok(Outcome::Gone);
        };
        if !container.seen.networks.contains(key) {
            return Ok(Outcome::Gone);
        }
        name?;
        container.seen.networks.remove(key);
        container.aliases.remove(key);
        Ok(Outcome::Done)
    }
}
