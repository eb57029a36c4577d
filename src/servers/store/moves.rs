//! Servers that get another tenant.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, StaffTx, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{ServerId, TenantId};

use super::super::model::ServerName;
use super::write::name_is_taken;

/// Active tenants but `but`, whose name or address matches, by name, at most `limit`; the chosen one first, whatever was searched
/// for.
pub async fn tenants_to_choose(
    tx: &mut StaffTx,
    but: TenantId,
    (pattern, chosen): (Option<&str>, Option<TenantId>),
    limit: i64,
) -> Result<Vec<(TenantId, String, String)>, Error> {
    let rows = sqlx::query!(
        "select id, name, slug from tenant where id <> $1 and status = 'active' \
         and ($2::text is null or name ilike $2 or slug ilike $2 or id = $3) \
         order by (id is not distinct from $3) desc, lower(name), id limit $4",
        but.0,
        pattern,
        chosen.map(|id| id.0),
        limit
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (TenantId(row.id), row.name, row.slug)).collect())
}

/// Gives a server with all that is its own to another tenant, under these names, by a wish of its own. The function says what goes
/// along and what ends.
pub async fn move_server(
    tx: &mut StaffTx,
    id: ServerId,
    target: TenantId,
    (name, host_name): (&ServerName, &str),
    now: DateTime<Utc>,
) -> Result<(), Error> {
    let done = sqlx::query!(
        "select move_server($1, $2, $3, $4, $5)",
        id.0,
        target.0,
        name.as_str(),
        host_name,
        now
    )
    .execute(tx.conn())
    .await;
    done.map(drop).map_err(name_is_taken)
}

/// The tenant in whose network a server's container may still be, because the server was that tenant's before.
pub async fn departs_from(tx: &mut SystemTx, id: ServerId) -> Result<Option<TenantId>, Error> {
    let from = sqlx::query_scalar!(
        "select from_tenant_id from server_move where server_id = $1",
        id.0
    );
    Ok(from.fetch_optional(tx.conn()).await?.map(TenantId))
}

/// Notes that nothing of a server is in its former tenant's network any more.
pub async fn note_departed(tx: &mut SystemTx, id: ServerId) -> Result<(), Error> {
    sqlx::query!("delete from server_move where server_id = $1", id.0)
        .execute(tx.conn())
        .await?;
    Ok(())
}
