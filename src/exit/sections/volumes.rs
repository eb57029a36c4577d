//! Volumes of the tenant's own: what each is, where it is attached, and what is in it.

use serde_json::json;

use crate::files::WholeVolumes;
use crate::volumes::{self, Volume};

use super::super::model::Names;
use super::super::outer::{Outer, Stop};
use super::super::source::Source;
use super::put_volumes;

/// What stands for a volume that cannot be had.
const LOST: &[u8] =
    b"The container engine does not have this volume any more. Ask the provider for a backup.\n";

pub(super) async fn write(source: &Source, outer: &mut Outer) -> Result<(), Stop> {
    let all = volumes::of_tenant(&mut source.begin().await?, source.tenant).await?;
    let mut names = Names::default();
    for volume in all {
        let folder = format!("volumes/{}", names.give(&volume.name, &volume.id.to_string()));
        one(source, outer, &volume, &folder).await?;
    }
    Ok(())
}

async fn one(source: &Source, outer: &mut Outer, volume: &Volume, folder: &str) -> Result<(), Stop> {
    let holders = volumes::holders(&mut source.begin().await?, volume.id).await?;
    let attached = holders.into_iter().map(|holder| {
        json!({ "server": holder.server.to_string(), "server_name": holder.server_name, "path": holder.mount.path,
            "read_only": holder.mount.is_read_only })
    });
    let about = json!({
        "id": volume.id.to_string(), "name": volume.name, "size_mib": volume.size_mib, "state": volume.state(),
        "created_by": volume.created_by, "created_at": volume.created_at,
        "attached_to": attached.collect::<Vec<_>>(),
    });
    outer.json(&format!("{folder}/volume.json"), &about).await?;
    if volume.made_mib.is_none() || volume.deleting_at.is_some() {
        return Ok(());
    }
    let whole = WholeVolumes::of_volume(&source.app, volume)?;
    put_volumes(outer, (&whole, folder), LOST).await
}
