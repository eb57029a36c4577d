//! The volumes that are attached to what a schedule backs up: each gets a backup of its own, which reports to the same work.

use uuid::Uuid;

use crate::app::App;
use crate::platform::access::Who;
use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::OperationId;
use crate::volumes;

use super::make::{By, add};
use super::subject::Subject;

/// Adds one of each volume that is attached to a server, or to the servers of a stack, once however many of them have it. Those that
/// are yet to be made or on their way out have none; one that the engine has lost has one, which fails and says so.
pub(super) async fn add_attached(
    app: &App,
    tx: &mut impl Scoped,
    who: &Who,
    (to, operation, by): (Uuid, OperationId, By),
) -> Result<(), Error> {
    for id in volumes::attached(tx, to).await? {
        let volume = volumes::find(tx, id).await?;
        match add(app, tx, who, (Subject::Volume(&volume), operation, by)).await {
            // It is being made for somebody else, such as for another server that has the volume.
            Err(Error::Conflict {
                code: "backup-under-way",
                ..
            }) => {}
            other => drop(other?),
        }
    }
    Ok(())
}
