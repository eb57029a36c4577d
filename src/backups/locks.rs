//! What the author of a server's template keeps from people is kept from them in its backups too: not looked into, not downloaded
//! and not got back by itself. A whole server comes back with it.

use crate::app::App;
use crate::drivers::backup::{BackupError, BackupResult, InBackup, Place, Restic};
use crate::drivers::engine::VolumePath;
use crate::files::{self, Locks};
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::servers::model::Server;

/// What is locked in a server's volumes.
pub async fn of(app: &App, tx: &mut impl Scoped, server: &Server) -> Result<Locks, Error> {
    let offer = crate::eggs::warm(app, tx, &server.template).await?;
    Ok(Locks::of(offer.as_ref()))
}

/// Refuses a place that is locked.
pub fn check(locks: &Locks, place: &InBackup) -> Result<(), Error> {
    let text = format!("/{}{}", place.volume(), place.path());
    // What can be no place in a volume is in no backup either.
    let path = VolumePath::parse(&text).map_err(|_| Error::NotFound)?;
    if locks.hold(&path) {
        return Err(files::locked(&files::name_of(&path)));
    }
    Ok(())
}

/// Whether a place is a folder that something may be locked in: none is taken out by itself then.
pub async fn closes_folder(
    locks: &Locks,
    restic: &Restic,
    (place, snapshot): (&Place, &str),
    what: &InBackup,
) -> BackupResult<bool> {
    if locks.is_empty() {
        return Ok(false);
    }
    match restic.list(place, snapshot, what).await {
        Ok(_) => Ok(true),
        Err(BackupError::NotInBackup) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Why folders are not taken out of backups where something may be locked in them.
pub const NO_FOLDERS: &str = "the author of its template keeps some of its files from people, so single files come out of its backups, \
                              and folders only with the whole server";
