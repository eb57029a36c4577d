//! What people write about a server: tags, a note, why it is suspended.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, TenantTx};
use crate::platform::error::Error;
use crate::platform::ids::ServerId;

use super::super::model::{Note, Server, Suspension, Tags};

/// Writes a server's tags. Its settings have changed by it.
pub async fn save_tags(
    tx: &mut TenantTx,
    id: ServerId,
    tags: &Tags,
    now: DateTime<Utc>,
) -> Result<(), Error> {
    sqlx::query!(
        "update server set tags = $2, version = version + 1, updated_at = $3 where id = $1",
        id.0,
        &tags.texts(),
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// A server's note; empty if nobody wrote one.
pub async fn note(tx: &mut TenantTx, id: ServerId) -> Result<String, Error> {
    let text = sqlx::query_scalar!("select text from server_note where server_id = $1", id.0);
    Ok(text.fetch_optional(tx.conn()).await?.unwrap_or_default())
}

/// Writes a server's note, or takes it away if it is empty. Its settings have changed by it.
pub async fn save_note(
    tx: &mut TenantTx,
    server: &Server,
    note: &Note,
    (by, now): (&str, DateTime<Utc>),
) -> Result<(), Error> {
    if note.as_str().is_empty() {
        sqlx::query!("delete from server_note where server_id = $1", server.id.0)
            .execute(tx.conn())
            .await?;
    } else {
        sqlx::query!(
            "insert into server_note (server_id, tenant_id, text, updated_by, updated_at) values ($1, $2, $3, $4, $5) \
             on conflict (server_id) do update set text = $3, updated_by = $4, updated_at = $5",
            server.id.0,
            server.tenant.0,
            note.as_str(),
            by,
            now
        )
        .execute(tx.conn())
        .await?;
    }
    sqlx::query!(
        "update server set version = version + 1, updated_at = $2 where id = $1",
        server.id.0,
        now
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Suspends a server, or takes that back.
pub async fn save_suspension(
    tx: &mut impl Scoped,
    id: ServerId,
    suspension: Option<&Suspension>,
) -> Result<(), Error> {
    sqlx::query!(
        "update server set suspended_at = $2, suspended_reason = $3 where id = $1",
        id.0,
        suspension.map(|one| one.at),
        suspension.map(|one| one.reason.as_str())
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Those of these servers that the scope may see, with their names, in the order of the names.
pub async fn names(tx: &mut impl Scoped, ids: &[ServerId]) -> Result<Vec<(ServerId, String)>, Error> {
    let ids: Vec<Uuid> = ids.iter().map(|id| id.0).collect();
    let rows = sqlx::query!(
        "select id, name from server where id = any($1) order by lower(name), id",
        &ids
    );
    let rows = rows.fetch_all(tx.conn()).await?.into_iter();
    Ok(rows.map(|row| (ServerId(row.id), row.name)).collect())
}
