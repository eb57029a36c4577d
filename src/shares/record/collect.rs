//! Collecting what a server wrote down about the uses of its shares.
//!
//! It may be done twice, and by two at once: the number of the newest use stands in a row that is locked meanwhile.

use crate::app::App;
use crate::drivers::engine::{EngineError, FilesError};
use crate::files::WholeVolumes;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{ServerId, TenantId};

use super::super::place::{FOLDERS, VOLUME};
use super::super::{TOPIC, store};
use super::model::seen;

/// The file, beside the list of shares (catalogue/file-share/access.py).
const FILE: &str = "access.log";
/// What the server keeps at most, and as much again: a file that is longer is not its own.
const MOST: usize = 1 << 20;

/// Why nothing was collected.
#[derive(Debug, thiserror::Error)]
pub enum Trouble {
    /// The file cannot be had now.
    #[error("the record of uses cannot be read")]
    Files(#[from] FilesError),
    /// Something of ours.
    #[error(transparent)]
    Inside(#[from] Error),
}

/// Collects what is new.
pub async fn collect(
    app: &App,
    (tenant, server): (TenantId, ServerId),
    volumes: &WholeVolumes,
) -> Result<(), Trouble> {
    let file = match volumes.get((VOLUME, &FOLDERS, FILE), MOST).await {
        Ok(file) => file,
        // It was not used yet, or never made.
        Err(FilesError::NotFound | FilesError::Engine(EngineError::VolumeMissing { .. })) => return Ok(()),
        Err(error) => return Err(error.into()),
    };
    let now = app.now();
    let mut tx = app.db.system().await?;
    let Some(after) = store::lock_seen(&mut tx, server).await? else {
        return Ok(());
    };
    let found = seen(&file, after, now);
    if found.is_empty() {
        return Ok(());
    }
    let ids: Vec<_> = found.iter().map(|one| app.ids.uuid(one.at)).collect();
    store::add_seen(&mut tx, (tenant, server), &ids, &found).await?;
    events::emit(&mut tx, Some(tenant), TOPIC, Some(server.0)).await?;
    tx.commit().await?;
    Ok(())
}
