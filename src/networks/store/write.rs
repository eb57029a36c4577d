//! Making, renaming and letting go.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx, violates};
use crate::platform::error::Error;
use crate::platform::ids::{LocationId, NetworkId, TenantId};

/// A network to be made.
#[derive(Debug)]
pub struct NewNetwork<'a> {
    /// Its id.
    pub id: NetworkId,
    /// Whose.
    pub tenant: TenantId,
    /// Where.
    pub location: LocationId,
    /// What people call it.
    pub name: &'a str,
    /// Now.
    pub now: DateTime<Utc>,
}

fn name_is_taken(error: sqlx::Error) -> Error {
    if violates(&error, "network_name_key") {
        Error::invalid("name", "Another network has this name. Choose another one.")
    } else {
        error.into()
    }
}

/// Adds a network.
pub async fn insert(tx: &mut impl Scoped, new: &NewNetwork<'_>) -> Result<(), Error> {
    let done = sqlx::query!(
        "insert into network (id, tenant_id, location_id, name, created_at) values ($1, $2, $3, $4, $5)",
        new.id.0,
        new.tenant.0,
        new.location.0,
        new.name,
        new.now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Writes a new name.
pub async fn save_name(tx: &mut impl Scoped, id: NetworkId, name: &str) -> Result<(), Error> {
    let done = sqlx::query!(
        "update network set name = $2, version = version + 1 where id = $1",
        id.0,
        name
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// Lets all servers leave, and makes the network due.
pub async fn start_deletion(tx: &mut impl Scoped, id: NetworkId, now: DateTime<Utc>) -> Result<(), Error> {
    sqlx::query!(
        "update network set deleting_at = $2, next_attempt_at = $2, version = version + 1 where id = $1",
        id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update network_member set is_wanted = false where network_id = $1",
        id.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Asks for the end of all networks of a tenant. Says how many are left, those that are on their way out included.
pub async fn let_all_go(tx: &mut SystemTx, tenant: TenantId, now: DateTime<Utc>) -> Result<i64, Error> {
    sqlx::query!(
        "update network_member set is_wanted = false where tenant_id = $1",
        tenant.0
    )
    .execute(tx.conn())
    .await?;
    sqlx::query!(
        "update network set deleting_at = $2, next_attempt_at = $2, version = version + 1 \
         where tenant_id = $1 and deleting_at is null",
        tenant.0,
        now
    )
    .execute(tx.conn())
    .await?;
    let left = sqlx::query_scalar!(
        r#"select count(*) as "left!" from network where tenant_id = $1"#,
        tenant.0
    );
    Ok(left.fetch_one(tx.conn()).await?)
}
