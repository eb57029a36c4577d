//! What actions write of a server itself.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

use super::super::model::{NewServer, Power, ServerName, Size};

/// Writes a new server. It is due at once.
pub async fn insert(tx: &mut TenantTx, new: &NewServer<'_>) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into server (id, tenant_id, location_id, name, template, image, size_id, cpu_millis, memory_mib, \
         disk_mib, power, next_attempt_at, created_by, created_at, updated_at, host_name) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $12, $12, $14)",
        new.id.0,
        new.tenant.0,
        new.location.0,
        new.name.as_str(),
        new.template,
        new.image,
        new.size.id,
        new.size.resources.cpu_millis,
        new.size.resources.memory_mib,
        new.size.resources.disk_mib,
        new.power.word(),
        new.now,
        new.created_by,
        new.host_name
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

pub(super) fn name_is_taken(error: sqlx::Error) -> Error {
    if violates(&error, "server_name_key") {
        Error::invalid("name", "Another server has this name. Choose another.")
    } else {
        error.into()
    }
}

/// The host names that a tenant's servers have; a deleted one keeps none.
pub async fn host_names(tx: &mut impl Scoped, tenant: TenantId) -> Result<Vec<String>, Error> {
    Ok(sqlx::query_scalar!(
        "select host_name from server where tenant_id = $1 and deleted_at is null",
        tenant.0
    )
    .fetch_all(tx.conn())
    .await?)
}

/// Writes a new name.
pub async fn save_name(
    tx: &mut impl Scoped,
    id: ServerId,
    name: &ServerName,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "update server set name = $2, version = version + 1, updated_at = $3 where id = $1",
        id.0,
        name.as_str(),
        now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Writes a new size.
pub async fn save_size(tx: &mut impl Scoped, id: ServerId, size: &Size) -> Result<(), Error> {
    sqlx::query!(
        "update server set size_id = $2, cpu_millis = $3, memory_mib = $4, disk_mib = $5 where id = $1",
        id.0,
        size.id,
        size.resources.cpu_millis,
        size.resources.memory_mib,
        size.resources.disk_mib
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes the image that the next container is made from.
pub async fn save_image(tx: &mut impl Scoped, id: ServerId, image: &str) -> Result<(), Error> {
    sqlx::query!("update server set image = $2 where id = $1", id.0, image)
        .execute(tx.conn())
        .await?;
    Ok(())
}

/// A wish about a server's container.
#[derive(Debug, Clone, Copy, Default)]
pub struct Wish {
    /// Another power state.
    pub power: Option<Power>,
    /// A restart.
    pub restart: bool,
    /// A new container.
    pub rebuild: bool,
    /// Its settings changed.
    pub settings: bool,
}

/// Writes a wish: a new generation that is due at once, whatever failed before. Returns the generation.
pub async fn wish(tx: &mut impl Scoped, id: ServerId, wish: Wish, now: DateTime<Utc>) -> Result<i64, Error> {
    let generation = sqlx::query_scalar!(
        "update server set power = coalesce($2, power), restart_seq = restart_seq + $3, \
         rebuild_seq = rebuild_seq + $6, stop_reason = case when $2::text is null then stop_reason end, \
         version = version + $4, generation = generation + 1, next_attempt_at = $5, updated_at = $5, \
         retry_at = null, last_error = null, error_count = 0 where id = $1 returning generation",
        id.0,
        wish.power.map(Power::word),
        i64::from(wish.restart),
        i64::from(wish.settings),
        now,
        i64::from(wish.rebuild)
    );
    Ok(generation.fetch_one(tx.conn()).await?)
}
