//! A new volume of the tenant's own that is filled from a backup. Whoever works on volumes makes it and waits until whoever works in
//! repositories has filled it; only then does it count as made, and can be attached and looked into.

use chrono::{DateTime, Utc};
use serde_json::json;

use crate::app::App;
use crate::audit::Change;
use crate::platform::access::Who;
use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{BackupId, BackupRestoreId, VolumeId};
use crate::volumes::Volume;

use super::actions::{check_queue, tell};
use super::fill::{Filling, look};
use super::model::Of;
use super::store;

/// Notes that a volume's data comes from a backup, as part of whatever makes the volume.
pub async fn fill_volume_from(
    app: &App,
    tx: &mut TenantTx,
    (volume, backup): (&Volume, BackupId),
    who: &Who,
) -> Result<(), Error> {
    // Held until the wish is written, so that nobody says meanwhile that it is to go.
    let backup = store::lock_any(tx, backup).await?;
    backup.whole()?;
    check_queue(tx, volume.tenant).await?;
    let id = BackupRestoreId::new(&*app.ids, app.now());
    let to = (volume.id, volume.name.as_str());
    store::add_volume_filling(tx, id, to, &backup, (&who.label, app.now())).await?;
    let told = json!({ "volume": volume.name, "volume_id": volume.id });
    let change = Change::to("backup.restore_volume", told);
    tell(app, tx, who, &backup, &change).await
}

/// Says that the volume is there, and looks how far it is.
pub async fn fill_volume(tx: &mut SystemTx, volume: VolumeId, now: DateTime<Utc>) -> Result<Filling, Error> {
    look(tx, Of::Volume(volume), now).await
}

/// Whether a volume is being read for a backup just now.
pub async fn is_volume_saved(tx: &mut impl Scoped, volume: VolumeId) -> Result<bool, Error> {
    store::is_saved(tx, volume).await
}

/// Ends whatever was yet to be got back into a volume that goes, as part of what erases it.
pub async fn leave_volume(tx: &mut SystemTx, volume: VolumeId, now: DateTime<Utc>) -> Result<(), Error> {
    store::end_restores(tx, volume, now).await
}
