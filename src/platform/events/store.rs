//! The outbox's queries.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::TenantId;

use super::Event;

/// Says that `topic` changed for `target`, when and only if the transaction commits.
pub async fn emit(
    tx: &mut impl Scoped,
    tenant: Option<TenantId>,
    topic: &str,
    target: Option<Uuid>,
) -> Result<(), Error> {
    let tenant = tenant.map(|id| id.0);
    sqlx::query!(
        "insert into outbox (tenant_id, topic, target_id) values ($1, $2, $3)",
        tenant,
        topic,
        target
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Ids are given before the commit, so a row may show up after one with a higher id. Reading back starts this much lower;
/// hearing an event twice is harmless.
const OVERLAP: i64 = 64;

/// The events that whoever has heard `id` last may have missed and that the scope may see, oldest first, at most `limit`
/// new ones.
pub async fn missed(tx: &mut impl Scoped, id: i64, limit: i64) -> Result<Vec<Event>, Error> {
    let events = sqlx::query_as!(
        Event,
        "select id, tenant_id, topic, target_id from outbox where id > $1 order by id limit $2",
        id - OVERLAP,
        limit + OVERLAP
    );
    Ok(events.fetch_all(tx.conn()).await?)
}

/// The newest event's id that the scope may see: read it in the transaction that draws a page, and the page's stream goes
/// on from there.
pub async fn newest(tx: &mut impl Scoped) -> Result<i64, Error> {
    Ok(
        sqlx::query_scalar!(r#"select coalesce(max(id), 0) as "id!" from outbox"#)
            .fetch_one(tx.conn())
            .await?,
    )
}

/// Forgets events from before `limit`. Harmless twice.
pub async fn purge(tx: &mut SystemTx, limit: DateTime<Utc>) -> Result<u64, Error> {
    Ok(sqlx::query!("delete from outbox where at < $1", limit)
        .execute(tx.conn())
        .await?
        .rows_affected())
}
