//! Deleted servers: put away, listed, restored, erased.
//!
//! Lists say in their own text that they are of deleted servers, because a plan that is kept for all values uses a partial
//! index only for a condition that it can read there.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

use super::super::model::{Server, ServerName};
use super::eggs::PAIR;
use super::list::TimeKey;
use super::rows::select;
use super::write::name_is_taken;

/// How a server leaves.
#[derive(Debug, Clone, Copy)]
pub struct Leave<'a> {
    /// Who deleted it.
    pub by: &'a str,
    /// When it is erased.
    pub kept_until: DateTime<Utc>,
    /// Now.
    pub now: DateTime<Utc>,
}

/// Takes a server out of the tenant's sight, by a wish of its own.
pub async fn put_away(tx: &mut TenantTx, id: ServerId, leave: Leave<'_>) -> Result<(), Error> {
    sqlx::query!(
        "update server set deleted_at = $2, deleted_by = $3, kept_until = $4, version = version + 1, \
         generation = generation + 1, next_attempt_at = $2, updated_at = $2, \
         retry_at = null, last_error = null, error_count = 0 where id = $1",
        id.0,
        leave.now,
        leave.by,
        leave.kept_until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Brings a server back under these names, by a wish of its own.
pub async fn restore(
    tx: &mut impl Scoped,
    id: ServerId,
    (name, host_name): (&ServerName, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "update server set deleted_at = null, deleted_by = null, kept_until = null, name = $2, host_name = $3, \
         version = version + 1, generation = generation + 1, next_attempt_at = $4, updated_at = $4, \
         retry_at = null, last_error = null, error_count = 0 where id = $1",
        id.0,
        name.as_str(),
        host_name,
        now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Asks for the end of a deleted server.
pub async fn erase(tx: &mut impl Scoped, id: ServerId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update server set deleting_at = $2, kept_until = null, generation = generation + 1, next_attempt_at = $2, \
         updated_at = $2, retry_at = null, last_error = null, error_count = 0 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks for the end of a server that was kept for as long as was promised, and gives our lease back. Says whether it is
/// still so.
pub async fn expire(
    tx: &mut SystemTx,
    (id, lease): (ServerId, Uuid),
    now: DateTime<Utc>,
) -> Result<bool, Error> {
    let done = sqlx::query!(
        "update server set deleting_at = $3, kept_until = null, generation = generation + 1, next_attempt_at = $3, \
         updated_at = $3, retry_at = null, last_error = null, error_count = 0, \
         lease_id = null, lease_until = null, current_step = null \
         where id = $1 and lease_id = $2 and kept_until <= $3",
        id.0,
        lease,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(done.rows_affected() > 0)
}

/// The tenant's kept servers beyond the newest `keep`, oldest first.
pub async fn beyond(
    tx: &mut TenantTx,
    tenant: TenantId,
    keep: i64,
) -> Result<Vec<(ServerId, String)>, Error> {
    let rows = sqlx::query!(
        "select id, name from server where tenant_id = $1 and deleted_at is not null and deleting_at is null \
         order by deleted_at desc, id desc offset $2",
        tenant.0,
        keep
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter().rev();
    Ok(rows.map(|row| (ServerId(row.id), row.name)).collect())
}

/// The tenant's server that was deleted last.
pub async fn newest_deleted(tx: &mut TenantTx, tenant: TenantId) -> Result<Option<ServerId>, Error> {
    let id = sqlx::query_scalar!(
        "select id from server where tenant_id = $1 and deleted_at is not null order by deleted_at desc, id desc limit 1",
        tenant.0
    );
    Ok(id.fetch_optional(tx.conn()).await?.map(ServerId))
}

/// The names of the tenant's servers that begin as this one does.
pub async fn names_like(tx: &mut impl Scoped, tenant: TenantId, stem: &str) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        "select name from server where tenant_id = $1 and deleted_at is null and starts_with(name, $2)",
        tenant.0,
        stem
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Deleted servers of a tenant, or of all, whose name matches; the newest first, at most `limit`.
pub async fn list_deleted(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    pattern: Option<&str>,
    before: TimeKey,
    limit: i64,
) -> Result<Vec<Server>, Error> {
    let rows = match tenant {
        Some(tenant) => {
            select!(
                "where s.tenant_id = $1 and s.deleted_at is not null and ($2::text is null or s.name ilike $2) \
                 and (s.deleted_at, s.id) < ($3::timestamptz, $4::uuid) \
                 order by s.deleted_at desc, s.id desc limit $5",
                tenant.0,
                pattern,
                before.0,
                before.1,
                limit
            )
            .fetch_all(tx.conn())
            .await?
        }
        None => {
            select!(
                "where s.tenant_id <> '00000000-0000-0000-0000-000000000000' and s.deleted_at is not null \
                 and ($1::text is null or s.name ilike $1) and (s.deleted_at, s.id) < ($2::timestamptz, $3::uuid) \
                 order by s.deleted_at desc, s.id desc limit $4",
                pattern,
                before.0,
                before.1,
                limit
            )
            .fetch_all(tx.conn())
            .await?
        }
    };
    Ok(rows.into_iter().map(Server::from).collect())
}

/// Gives the ports of a deleted server back and remembers which they were. Nothing if it was restored meanwhile, or the
/// lease was lost.
pub async fn release_ports(tx: &mut SystemTx, (id, lease): (ServerId, Uuid)) -> Result<(), Error> {
    let ours = sqlx::query_scalar!(
        "select id from server where id = $1 and lease_id = $2 and deleted_at is not null for update",
        id.0,
        lease
    );
    if ours.fetch_optional(tx.conn()).await?.is_none() {
        return Ok(());
    }
    sqlx::query!(
        "with gone as (delete from server_port where server_id = $1 returning *) \
         insert into kept_port (server_id, tenant_id, location_id, name, container_port, protocol, scheme, host_port) \
         select server_id, tenant_id, location_id, name, container_port, protocol, scheme, host_port from gone \
         on conflict (server_id, name) do update set container_port = excluded.container_port, \
         protocol = excluded.protocol, scheme = excluded.scheme, host_port = excluded.host_port",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

struct Kept {
    location_id: Uuid,
    name: String,
    container_port: i32,
    protocol: String,
    scheme: Option<String>,
    host_port: i32,
}

/// Gives a server its ports again, others where its own are taken. Says whether there were enough; those that it never gave
/// back it has anyway.
pub async fn reclaim_ports(tx: &mut impl Scoped, server: &Server) -> Result<bool, Error> {
    let kept = sqlx::query_as!(
        Kept,
        "delete from kept_port where server_id = $1 \
         returning location_id, name, container_port, protocol, scheme, host_port",
        server.id.0
    );
    let mut kept = kept.fetch_all(tx.conn()).await?;
    kept.sort_by(|one, other| one.name.cmp(&other.name));
    if let [one, other] = kept.as_mut_slice()
        && [&one.name, &other.name] == PAIR.map(|(name, _)| name)
    {
        let Some(port) = reclaim_pair(tx, one).await? else {
            return Ok(false);
        };
        for half in [one, other] {
            (half.container_port, half.host_port) = (port, port);
            insert_port(tx, server, half).await?;
        }
        return Ok(true);
    }
    for mut port in kept {
        let Some(number) = reclaim(tx, &port).await? else {
            return Ok(false);
        };
        port.host_port = number;
        insert_port(tx, server, &port).await?;
    }
    Ok(true)
}

async fn reclaim(tx: &mut impl Scoped, port: &Kept) -> Result<Option<i32>, Error> {
    let found = sqlx::query_scalar!(
        "select reclaim_port($1, $2, $3)",
        port.location_id,
        port.protocol,
        port.host_port
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

async fn reclaim_pair(tx: &mut impl Scoped, port: &Kept) -> Result<Option<i32>, Error> {
    let found = sqlx::query_scalar!(
        "select reclaim_port_pair($1, $2)",
        port.location_id,
        port.host_port
    );
    Ok(found.fetch_one(tx.conn()).await?)
}

async fn insert_port(tx: &mut impl Scoped, server: &Server, port: &Kept) -> Result<(), Error> {
    sqlx::query!(
        "insert into server_port (server_id, tenant_id, location_id, name, container_port, protocol, scheme, host_port) \
         values ($1, $2, $3, $4, $5, $6, $7, $8)",
        server.id.0,
        server.tenant.0,
        port.location_id,
        port.name,
        port.container_port,
        port.protocol,
        port.scheme,
        port.host_port
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}
