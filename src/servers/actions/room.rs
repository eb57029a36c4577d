//! Whether a server of another size has room: its data in a smaller disk, and what it would have more on its node.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::storage;

use super::super::model::{Server, Size, check_shrink};
use super::super::store;

/// Says why a size can't be had, whatever the plan allows.
pub(super) async fn has_room(tx: &mut impl Scoped, server: &Server, size: &Size) -> Result<(), Error> {
    if size.resources.disk_mib < server.resources.disk_mib {
        let volumes = store::volumes(tx, server.id).await?;
        check_shrink(size.resources.disk_mib, &volumes).map_err(|message| Error::invalid("size", message))?;
    }
    storage::admit_at(tx, server.location, size.resources.more_than(server.resources)).await
}
