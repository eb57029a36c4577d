//! Whether a server's data is all there, and nobody replaces or reads it: asked before it is copied, moved, replaced or opened by
//! others.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::{backups, snapshots};

use super::super::model::{Refusal, Server};
use super::super::store;

/// Refuses what would use data that is being replaced.
pub async fn check_not_restored(tx: &mut impl Scoped, server: &Server) -> Result<(), Error> {
    // The wish counts: what does it holds the server still only later.
    if server.still_for == Some(server.id)
        || backups::is_restored(tx, server.id).await?
        || snapshots::is_restored(tx, server.id).await?
    {
        return Err(Error::conflict(
            "being-restored",
            "This server is being restored. Wait until that is done.",
        ));
    }
    Ok(())
}

/// Refuses what would read data that is on its way, from here or to here.
pub async fn check_whole(tx: &mut impl Scoped, server: &Server) -> Result<(), Error> {
    check_not_restored(tx, server).await?;
    if store::copied_to(tx, server.id).await?.is_some() {
        return Err(Refusal::HoldsStill.into());
    }
    match store::copying(tx, server.id).await? {
        Some(copying) if copying.is_open() => Err(Error::conflict(
            "being-copied",
            "This server is a copy whose data is still on its way. Wait until it is complete.",
        )),
        Some(copying) if copying.failure().is_some() => Err(Error::conflict(
            "copy-failed",
            "This server is a copy whose data could not be copied. Copy it again, or delete it.",
        )),
        _ => Ok(()),
    }
}
