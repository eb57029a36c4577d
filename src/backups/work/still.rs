//! Data that holds still while it is saved: what a database holds is dumped into its volume by its own tool, and where volumes are in
//! the node's pool a snapshot of them is read instead of them. Both go afterwards; what a dead panel left goes with the next try.

use std::time::Duration;

use crate::app::App;
use crate::catalogue::{Dump, Template};
use crate::drivers::backup::{BackupError, SavedVolume};
use crate::drivers::engine::{EngineError, ServerKey};
use crate::platform::ids::{BackupId, SnapshotId};
use crate::servers::model::Server;
use crate::snapshots;

use super::Trouble;

/// Removing a dump is quick.
const REMOVING: Duration = Duration::from_mins(2);
/// So much of what a failing dump says is shown.
const SHOWN: usize = 300;

/// What was done to a server so that it holds still.
pub(super) struct Still<'a> {
    app: &'a App,
    server: &'a Server,
    snapshot: SnapshotId,
    volumes: Vec<SavedVolume>,
    dump: Option<(&'a Dump, String)>,
}

impl<'a> Still<'a> {
    /// For a backup: by its id, so that whoever goes on with it finds what there is.
    pub(super) fn new(
        app: &'a App,
        server: &'a Server,
        backup: BackupId,
        template: &'a Template,
        volumes: Vec<SavedVolume>,
    ) -> Self {
        let dump = template.dump.as_ref().and_then(|dump| {
            let volume = template
                .volumes
                .iter()
                .find(|volume| volume.name == dump.volume)?;
            let folder = volume.path.join(Dump::FOLDER);
            Some((dump, folder.to_string_lossy().into_owned()))
        });
        Self {
            app,
            server,
            snapshot: SnapshotId(backup.0),
            volumes,
            dump,
        }
    }

    /// Makes it hold still, and says what to read.
    pub(super) async fn begin(&mut self) -> Result<Vec<SavedVolume>, Trouble> {
        self.dump().await?;
        let names: Vec<String> = self.volumes.iter().map(|volume| volume.name.clone()).collect();
        let viewed = snapshots::Viewed {
            server: self.server,
            snapshot: self.snapshot,
        };
        match snapshots::hold(self.app, viewed, &names).await {
            Ok(true) => {}
            Ok(false) => return Ok(self.volumes.clone()),
            Err(error) if error.passes() => return Err(Trouble::Waits),
            Err(error) => {
                // A disk that is full, say, is saved all the same, as it is.
                tracing::warn!(server = %self.server.id, %error, "a backup reads the volumes themselves");
                return Ok(self.volumes.clone());
            }
        }
        // It is in the snapshot now, and fills the disk no longer than it must.
        self.remove_dump().await?;
        let held = self.volumes.iter().map(|volume| {
            Ok(SavedVolume {
                name: volume.name.clone(),
                key: viewed.key(&volume.name).map_err(BackupError::Engine)?,
            })
        });
        held.collect()
    }

    /// Undoes all of it. Harmless when there is nothing.
    pub(super) async fn end(&self) -> Result<(), Trouble> {
        self.remove_dump().await?;
        let viewed = snapshots::Viewed {
            server: self.server,
            snapshot: self.snapshot,
        };
        match snapshots::release(self.app, viewed).await {
            Err(error) if error.passes() => Err(Trouble::Waits),
            Err(error) => {
                tracing::warn!(server = %self.server.id, %error, "a backup's snapshot is left");
                Ok(())
            }
            Ok(()) => Ok(()),
        }
    }

    fn key(&self) -> Result<ServerKey, Trouble> {
        Ok(ServerKey::new(self.server.id.to_string()).map_err(BackupError::Engine)?)
    }

    /// A server that does not run has its files at rest.
    async fn dump(&self) -> Result<(), Trouble> {
        let Some((dump, folder)) = &self.dump else {
            return Ok(());
        };
        self.remove_dump().await?;
        let mut argv = dump.command.clone();
        argv.push(folder.clone());
        let said = match self.app.engine.exec(&self.key()?, argv, dump.timeout).await {
            Ok(said) if said.exit_code == 0 => return Ok(()),
            Ok(said) => said,
            Err(EngineError::NotRunning(_) | EngineError::NotFound(_)) => return Ok(()),
            Err(EngineError::Timeout(_)) => {
                return Err(Trouble::Failed(
                    "the dump of its database did not end in time".to_owned(),
                ));
            }
            Err(error) => return Err(BackupError::Engine(error).into()),
        };
        let text = String::from_utf8_lossy(&said.stderr).replace('\0', "");
        let last = text.lines().rev().map(str::trim).find(|line| !line.is_empty());
        let last: String = last.unwrap_or("it says nothing").chars().take(SHOWN).collect();
        Err(Trouble::Failed(format!(
            "the dump of its database failed ({}): {last}",
            said.exit_code
        )))
    }

    async fn remove_dump(&self) -> Result<(), Trouble> {
        let Some((_, folder)) = &self.dump else {
            return Ok(());
        };
        let argv = ["rm", "-rf", "--", folder].map(str::to_owned).to_vec();
        match self.app.engine.exec(&self.key()?, argv, REMOVING).await {
            Ok(said) if said.exit_code == 0 => Ok(()),
            Err(EngineError::NotRunning(_) | EngineError::NotFound(_)) => Ok(()),
            Err(error @ EngineError::Unavailable(_)) => Err(BackupError::Engine(error).into()),
            // The next backup tries again, and says so if it can't make its own.
            other => {
                tracing::warn!(server = %self.server.id, ?other, "a dump is left in its volume");
                Ok(())
            }
        }
    }
}
