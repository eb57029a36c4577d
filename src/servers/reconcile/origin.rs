//! What is known of where a server comes from beside its row, and what it owes to a copy of itself.

use chrono::{DateTime, Utc};

use crate::platform::db::SystemTx;
use crate::platform::error::Error;

use super::super::model::{Attempt, Before, Copying, DiskChange, Goal, Observation, Server};
use super::super::store;
use super::{Servers, disk};

/// A copy's data on its way, and a former tenant that is not left yet.
pub(super) struct Origin {
    copying: Option<Copying>,
    departs: bool,
    disk: Option<DiskChange>,
}

impl Origin {
    pub(super) async fn load(servers: &Servers, server: &Server) -> Result<Self, Error> {
        let disk = disk::change(&servers.app, server).await?;
        let mut tx = servers.app.db.system().await?;
        Ok(Self {
            disk,
            copying: store::copying(&mut tx, server.id).await?,
            departs: store::departs_from(&mut tx, server.id).await?.is_some(),
        })
    }

    /// What has to happen first.
    pub(super) fn before(&self) -> Before {
        Before {
            departs: self.departs,
            disk: self.disk,
            copies: self.copying.as_ref().is_some_and(Copying::is_open),
        }
    }

    /// A server whose data is not all there never starts: it fails for that reason, and is quiet once that was told.
    pub(super) fn ends(&self, server: &Server) -> Option<Attempt> {
        let failure = self.copying.as_ref()?.failure()?;
        let is_wanted = !matches!(server.goal(), Goal::Keep | Goal::Delete);
        let told = server.notes.error.is_some();
        is_wanted.then(|| {
            if told {
                Attempt::Held
            } else {
                Attempt::Over(format!("its data could not be copied: {failure}"))
            }
        })
    }

    /// Lets a copy go on that waits until its source has stopped.
    pub(super) async fn wake_copy(
        &self,
        tx: &mut SystemTx,
        server: &Server,
        seen: Option<&Observation>,
        now: DateTime<Utc>,
    ) -> Result<(), Error> {
        let is_still = seen.is_some_and(|seen| !seen.seen.is_alive());
        match server.still_for {
            // For its own restoring: that looks by itself.
            Some(copy) if is_still && copy != server.id => store::wake(tx, &[copy], now).await,
            _ => Ok(()),
        }
    }
}
