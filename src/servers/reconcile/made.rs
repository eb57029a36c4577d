//! Whether a container is the one that its specification describes, limits included. The engine tells that by a stamp, and by
//! a mere hash for containers from before there were stamps: an upgrade of Berth restarts nobody.

use crate::drivers::engine::{ContainerSpec, EngineResult};

use super::super::model::{Observation, Server};

/// How a container that is as specified is told from others.
pub(super) struct Made {
    /// What the engine says of one.
    pub(super) stamp: String,
    /// What it says of one from before there were stamps.
    pub(super) hash: String,
}

impl Made {
    pub(super) fn of(spec: &ContainerSpec) -> EngineResult<Self> {
        Ok(Self {
            stamp: spec.stamp()?,
            hash: spec.hash()?,
        })
    }
}

/// Whether the container was made from another specification than the present one; as before if there is none now.
pub(super) fn is_outdated(server: &Server, seen: Option<&Observation>, made: Option<&Made>) -> bool {
    match (seen, made) {
        (Some(seen), Some(made)) => {
            let is_as_wanted = |seen: &str| seen == made.stamp || seen == made.hash;
            seen.spec.as_deref().is_some_and(|seen| !is_as_wanted(seen))
        }
        (Some(seen), None) => server.notes.is_outdated && seen.spec.is_some(),
        (None, _) => server.notes.is_outdated,
    }
}
