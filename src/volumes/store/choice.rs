//! What could be attached to what. Nobody reads more than [`MOST`] lines of a choice; whoever has more comes from the other side.

use crate::platform::db::Scoped;
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, VolumeId};
use crate::servers::model::Server;

use super::super::model::Volume;

/// As many as a choice shows.
const MOST: usize = 200;

/// A server that a volume can be attached to.
#[derive(Debug, Clone)]
pub struct Room {
    /// Which.
    pub server: ServerId,
    /// What people call it.
    pub name: String,
}

/// A volume that can be attached to a server.
#[derive(Debug, Clone)]
pub struct Other {
    /// Which.
    pub volume: VolumeId,
    /// What people call it.
    pub name: String,
    /// What it may hold, in MiB.
    pub size_mib: i64,
}

fn fetch() -> i64 {
    i64::try_from(MOST + 1).unwrap_or(i64::MAX)
}

fn cut<T>(mut all: Vec<T>) -> (Vec<T>, bool) {
    let is_cut = all.len() > MOST;
    all.truncate(MOST);
    (all, is_cut)
}

/// The servers that a volume can be attached to, by name, and whether there are more; `first` is among them, if it is one.
pub async fn rooms(
    tx: &mut impl Scoped,
    volume: &Volume,
    first: Option<ServerId>,
) -> Result<(Vec<Room>, bool), Error> {
    let rows = sqlx::query!(
        "select s.id, s.name from server s where s.tenant_id = $1 and s.location_id = $2 and s.deleted_at is null \
         and not exists (select from volume_attachment a where a.server_id = s.id and a.volume_id = $3 and a.is_wanted) \
         order by s.id is not distinct from $4 desc, lower(s.name), s.id limit $5",
        volume.tenant.0,
        volume.location.0,
        volume.id.0,
        first.map(|id| id.0),
        fetch()
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(cut(rows
        .map(|row| Room {
            server: ServerId(row.id),
            name: row.name,
        })
        .collect()))
}

/// The volumes that can be attached to a server, by name, and whether there are more.
pub async fn others(tx: &mut impl Scoped, server: &Server) -> Result<(Vec<Other>, bool), Error> {
    let rows = sqlx::query!(
        "select v.id, v.name, v.size_mib from volume v where v.tenant_id = $1 and v.location_id = $2 and v.deleting_at is null \
         and not v.is_filling and not exists (select from volume_attachment a where a.volume_id = v.id and a.server_id = $3 and a.is_wanted) \
         order by lower(v.name), v.id limit $4",
        server.tenant.0,
        server.location.0,
        server.id.0,
        fetch()
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(cut(rows
        .map(|row| Other {
            volume: VolumeId(row.id),
            name: row.name,
            size_mib: row.size_mib,
        })
        .collect()))
}
