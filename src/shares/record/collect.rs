//! Collecting what a server wrote down about the uses of its shares.
//!
//! It may be done twice, and by two at once: the number of the newest use stands in a row that is locked meanwhile.

use std::time::Duration;

use crate::app::App;
use crate::drivers::engine::{EngineError, FilesError};
use crate::files::WholeVolumes;
use crate::platform::error::Error;
use crate::platform::events;
use crate::servers::model::Server;

use super::super::place::{FOLDERS, VOLUME};
use super::super::{TOPIC, store};
use super::model::{Window, news};

/// The file, beside the list of shares (catalogue/file-share/access.py).
const FILE: &str = "access.log";
/// Twice what the server keeps: a file that is longer is not its own.
const MOST: usize = 4 << 20;
/// Neither whoever looks nor a change that is to be told waits longer for it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Why nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The file cannot be had now.
    #[error("the record of uses cannot be read")]
    Files(#[from] FilesError),
    /// It takes too long.
    #[error("the record of uses did not come within {PATIENCE:?}")]
    Slow,
    /// Something of ours.
    #[error(transparent)]
    Inside(#[from] Error),
}

/// Collects what is new.
pub async fn collect(app: &App, server: &Server, volumes: &WholeVolumes) -> Result<(), Trouble> {
    let file = tokio::time::timeout(PATIENCE, volumes.get((VOLUME, &FOLDERS, FILE), MOST)).await;
    let file = match file.map_err(|_| Trouble::Slow)? {
        Ok(file) => file,
        // It was not used yet, or never made.
        Err(FilesError::NotFound | FilesError::Engine(EngineError::VolumeMissing { .. })) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let now = app.now();
    let mut tx = app.db.system().await?;
    let Some(after) = store::lock_seen(&mut tx, server.id).await? else {
        return Ok(());
    };
    let window = Window {
        after,
        from: server.created_at,
        now,
    };
    let found = news(&file, window);
    if found.newest == 0 {
        return Ok(());
    }
    let ids: Vec<_> = found.uses.iter().map(|one| app.ids.uuid(one.at)).collect();
    store::add_seen(&mut tx, (server.tenant, server.id), (&ids, &found), now).await?;
    events::emit(&mut tx, Some(server.tenant), TOPIC, Some(server.id.0)).await?;
    tx.commit().await?;
    Ok(())
}
