//! Which servers mount which volumes.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId, VolumeId};

use super::super::model::{Holder, Mount, MountPath};

/// What a server mounts or is yet to leave, by path.
pub async fn mounts(tx: &mut impl Scoped, server: ServerId) -> Result<Vec<Mount>, Error> {
    let rows = sqlx::query!(
        r#"select a.volume_id, v.name, a.path, a.is_read_only, a.is_wanted, a.is_in, v.made_mib is not null as "is_made!",
             v.is_pooled, v.missing_since is not null as "is_missing!",
             case when v.made_mib is null then v.last_error end as trouble
           from volume_attachment a join volume v on v.id = a.volume_id where a.server_id = $1 order by a.path, a.volume_id"#,
        server.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Mount {
            volume: VolumeId(row.volume_id),
            name: row.name,
            path: row.path,
            is_read_only: row.is_read_only,
            is_wanted: row.is_wanted,
            is_in: row.is_in,
            is_made: row.is_made,
            is_pooled: row.is_pooled,
            is_missing: row.is_missing,
            trouble: row.trouble,
        })
        .collect())
}

/// How a server mounts one volume, if it does or is yet to leave it.
pub async fn mounts_of(
    tx: &mut impl Scoped,
    (volume, server): (VolumeId, ServerId),
) -> Result<Option<Mount>, Error> {
    let all = mounts(tx, server).await?;
    Ok(all.into_iter().find(|mount| mount.volume == volume))
}

/// The volumes that are attached to a server, or to any of a stack's: those that were made and stay.
pub async fn attached(tx: &mut impl Scoped, to: Uuid) -> Result<Vec<VolumeId>, Error> {
    let ids = sqlx::query_scalar!(
        "select v.id from volume v where v.made_mib is not null and v.deleting_at is null and exists ( \
           select from volume_attachment a join server s on s.id = a.server_id \
           where a.volume_id = v.id and a.is_wanted and s.deleted_at is null and (s.id = $1 or s.stack_id = $1)) \
         order by v.id",
        to
    );
    let ids = ids.fetch_all(tx.conn()).await?.into_iter();
    Ok(ids.map(VolumeId).collect())
}

/// The servers that mount a volume or are yet to leave it, by name.
pub async fn holders(tx: &mut impl Scoped, volume: VolumeId) -> Result<Vec<Holder>, Error> {
    let rows = sqlx::query!(
        r#"select a.server_id, s.name as server, s.deleted_at is not null as "is_deleted!", v.name, a.path, a.is_read_only,
             a.is_wanted, a.is_in, v.made_mib is not null as "is_made!", v.is_pooled,
             v.missing_since is not null as "is_missing!",
             case when v.made_mib is null then v.last_error end as trouble
           from volume_attachment a join volume v on v.id = a.volume_id join server s on s.id = a.server_id
           where a.volume_id = $1 order by lower(s.name), s.id"#,
        volume.0
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows
        .map(|row| Holder {
            server: ServerId(row.server_id),
            server_name: row.server,
            is_deleted: row.is_deleted,
            mount: Mount {
                volume,
                name: row.name,
                path: row.path,
                is_read_only: row.is_read_only,
                is_wanted: row.is_wanted,
                is_in: row.is_in,
                is_made: row.is_made,
                is_pooled: row.is_pooled,
                is_missing: row.is_missing,
                trouble: row.trouble,
            },
        })
        .collect())
}

/// Wishes that a server mounts a volume. One that was yet to leave it comes back.
pub async fn attach(
    tx: &mut TenantTx,
    (volume, server, tenant): (VolumeId, ServerId, TenantId),
    (path, is_read_only): (&MountPath, bool),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into volume_attachment (volume_id, server_id, tenant_id, path, is_read_only, created_at) \
         values ($1, $2, $3, $4, $5, $6) on conflict (volume_id, server_id) do update \
         set path = excluded.path, is_read_only = excluded.is_read_only, is_wanted = true, created_at = excluded.created_at, \
           is_in = volume_attachment.is_in and volume_attachment.path = excluded.path \
             and volume_attachment.is_read_only = excluded.is_read_only",
        volume.0,
        server.0,
        tenant.0,
        path.as_str(),
        is_read_only,
        now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(|error| {
        if violates(&error, "volume_attachment_path") {
            Error::invalid("path", "Another volume is attached there. Use another folder.")
        } else {
            error.into()
        }
    })
}

/// Wishes that a server does not mount a volume any more.
pub async fn detach(tx: &mut impl Scoped, (volume, server): (VolumeId, ServerId)) -> Result<(), Error> {
    sqlx::query!(
        "update volume_attachment set is_wanted = false where volume_id = $1 and server_id = $2",
        volume.0,
        server.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Notes what the container has that is there, of what was asked about it when it was looked at: those of `within`, and not
/// those of `without`. What somebody said meanwhile stays; what is neither wanted nor there goes. Says whether anything of a
/// volume changed.
pub async fn settle(
    tx: &mut SystemTx,
    server: ServerId,
    (within, without): (&[VolumeId], &[VolumeId]),
) -> Result<Vec<VolumeId>, Error> {
    let ids = |all: &[VolumeId]| all.iter().map(|id| id.0).collect::<Vec<_>>();
    let changed = sqlx::query_scalar!(
        "update volume_attachment set is_in = volume_id = any($2) where server_id = $1 \
         and (volume_id = any($2) and not is_in or volume_id = any($3) and is_in) returning volume_id",
        server.0,
        &ids(within),
        &ids(without)
    );
    let changed = changed.fetch_all(tx.conn()).await?;
    let gone = sqlx::query_scalar!(
        "delete from volume_attachment where server_id = $1 and not is_wanted and not is_in returning volume_id",
        server.0
    );
    let gone = gone.fetch_all(tx.conn()).await?;
    let mut all: Vec<VolumeId> = changed.into_iter().chain(gone).map(VolumeId).collect();
    all.sort_unstable();
    all.dedup();
    Ok(all)
}
