//! What actions write of a stack itself.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx, TenantTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{NetworkId, StackId, TenantId};

/// A stack to be written.
#[derive(Debug)]
pub struct NewStack<'a> {
    /// Its id.
    pub id: StackId,
    /// Whose.
    pub tenant: TenantId,
    /// Its network.
    pub network: NetworkId,
    /// What people call it.
    pub name: &'a str,
    /// What stands behind its parts' names.
    pub host_label: &'a str,
    /// What it is made from.
    pub blueprint: &'a str,
    /// Who makes it.
    pub created_by: &'a str,
    /// When.
    pub now: DateTime<Utc>,
}

fn name_is_taken(error: sqlx::Error) -> Error {
    if violates(&error, "stack_name_key") {
        Error::invalid("name", "Another stack has this name. Choose another.")
    } else {
        error.into()
    }
}

/// Adds a stack.
pub async fn insert(tx: &mut TenantTx, new: &NewStack<'_>) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into stack (id, tenant_id, network_id, name, host_label, blueprint, created_by, created_at, updated_at) \
         values ($1, $2, $3, $4, $5, $6, $7, $8, $8)",
        new.id.0,
        new.tenant.0,
        new.network.0,
        new.name,
        new.host_label,
        new.blueprint,
        new.created_by,
        new.now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Writes a new name.
pub async fn save_name(tx: &mut TenantTx, id: StackId, name: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let done = sqlx::query!(
        "update stack set name = $2, version = version + 1, updated_at = $3 where id = $1",
        id.0,
        name,
        now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Takes a stack out of sight.
pub async fn put_away(
    tx: &mut TenantTx,
    id: StackId,
    by: &str,
    (now, kept_until): (DateTime<Utc>, DateTime<Utc>),
) -> Result<(), Error> {
    sqlx::query!(
        "update stack set deleted_at = $2, deleted_by = $3, kept_until = $4, version = version + 1, updated_at = $2 \
         where id = $1",
        id.0,
        now,
        by,
        kept_until
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Brings a stack back under this name.
pub async fn restore(tx: &mut TenantTx, id: StackId, name: &str, now: DateTime<Utc>) -> Result<(), Error> {
    let done = sqlx::query!(
        "update stack set deleted_at = null, deleted_by = null, kept_until = null, name = $2, version = version + 1, \
         updated_at = $3 where id = $1",
        id.0,
        name,
        now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Notes that its servers are being erased.
pub async fn start_erasing(tx: &mut TenantTx, id: StackId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update stack set kept_until = null, version = version + 1, updated_at = $2 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Erases its row.
pub async fn forget(tx: &mut SystemTx, id: StackId) -> Result<(), Error> {
    sqlx::query!("delete from stack where id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
