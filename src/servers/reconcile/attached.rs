//! What a server's container has of its tenant's volumes, as far as the look at it tells: it is settled from what is there and not
//! from what was done, so that a panel that died after doing it is followed by one that notes it.

use crate::platform::db::SystemTx;
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::VolumeId;
use crate::volumes::{self, Mount};

use super::super::model::{Observation, Seen, Server};
use super::made::Made;

/// Notes it, and tells whoever looks at the volumes.
pub(super) async fn settle(
    tx: &mut SystemTx,
    (server, mounts): (&Server, &[Mount]),
    (seen, made): (Option<&Observation>, Option<&Made>),
) -> Result<(), Error> {
    let Some(seen) = seen.filter(|_| !mounts.is_empty()) else {
        return Ok(());
    };
    let ids = |wanted: bool| {
        let these = mounts.iter().filter(|mount| mount.is_wanted == wanted);
        these.map(|mount| mount.volume).collect::<Vec<VolumeId>>()
    };
    let is_as_said = made.is_some_and(|made| seen.spec.as_deref() == Some(&*made.stamp));
    let changed = if seen.seen == Seen::Absent {
        let all: Vec<VolumeId> = mounts.iter().map(|mount| mount.volume).collect();
        volumes::settle(tx, server.id, (&[], &all)).await?
    } else if is_as_said {
        volumes::settle(tx, server.id, (&ids(true), &ids(false))).await?
    } else {
        return Ok(());
    };
    for volume in changed {
        events::emit(tx, Some(server.tenant), volumes::TOPIC, Some(volume.0)).await?;
    }
    Ok(())
}
