//! What is known of a server of an imported template beside its row.

use crate::eggs::{split_key, warm};
use crate::platform::error::Error;

use super::super::super::model::{Condition, Installation, Observation, Server};
use super::super::super::store::{self, EggState};
use super::super::Servers;
use super::ready::follow;

/// How far its folder is filled, and when it said that it is up; nothing for a server of the catalogue.
pub(in super::super) struct State(Option<EggState>);

impl State {
    /// Reads it, and sees that the server's version of its template is known to this process.
    pub(in super::super) async fn load(servers: &Servers, server: &Server) -> Result<Self, Error> {
        if split_key(&server.template).is_none() {
            return Ok(Self(None));
        }
        let mut tx = servers.app.db.system().await?;
        warm(&servers.app, &mut tx, &server.template).await?;
        Ok(Self(store::egg_state(&mut tx, server.id).await?))
    }

    /// What a plan has to know.
    pub(in super::super) fn installation(&self) -> Installation {
        self.0.as_ref().map_or(Installation::Done, EggState::installation)
    }

    /// A server that says by a line that it is up counts as starting until it has said so.
    pub(in super::super) fn listen(&self, servers: &Servers, server: &Server, seen: &mut Observation) {
        let offer = servers.app.catalogue.offer(&server.template);
        let (Some(state), Some(egg), Some(since)) =
            (&self.0, offer.and_then(|offer| offer.egg), seen.running_since)
        else {
            return;
        };
        if egg.ready.is_empty() {
            return;
        }
        seen.health = if state.ready_since == Some(since) {
            Condition::Healthy
        } else {
            follow(servers, server.id, since, egg);
            Condition::Starting
        };
    }
}
