//! What the panel does with tickets by itself: following what happened, writing what is due, closing what is over.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped as _, SystemTx};
use crate::platform::error::Error;
use crate::platform::events;
use crate::platform::ids::{TenantId, TicketId};

use super::super::TOPIC;
use super::super::model::TicketEvent;
use super::log::EventRow;

/// Takes what happened in a ticket and no part was told of yet, the oldest first. It counts as told if the transaction commits.
pub async fn take_events(tx: &mut SystemTx, id: TicketId) -> Result<Vec<TicketEvent>, Error> {
    let rows = sqlx::query_as!(
        EventRow,
        "update ticket_event set followed = true where ticket_id = $1 and not followed \
         returning id, ticket_id, at, kind, data, actor_id, actor_name, is_public",
        id.0
    );
    let rows = rows.fetch_all(tx.conn()).await?;
    let mut events = Vec::with_capacity(rows.len());
    for row in rows {
        events.push(row.read()?.event);
    }
    events.sort_unstable_by_key(|event| event.id);
    Ok(events)
}

/// Tickets in which something happened before `limit` that no part was told of yet. There is an index of nothing else.
pub async fn unfollowed(tx: &mut SystemTx, limit: DateTime<Utc>, most: i64) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        "select distinct ticket_id from ticket_event where not followed and at < $1 limit $2",
        limit,
        most
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    Ok(ids.into_iter().map(TicketId).collect())
}

/// Writes what is due next in a ticket, or that nothing is. It is no change of the ticket by anybody.
pub async fn set_due(
    tx: &mut SystemTx,
    id: TicketId,
    due: Option<(DateTime<Utc>, &str)>,
) -> Result<(), Error> {
    let (at, what) = due.unzip();
    let changed = sqlx::query!(
        "update ticket set due_at = $2, due_what = $3 \
         where id = $1 and (due_at, due_what) is distinct from ($2::timestamptz, $3::text) returning tenant_id",
        id.0,
        at,
        what
    );
    match changed.fetch_optional(tx.conn()).await? {
        Some(row) => events::emit(tx, row.tenant_id.map(TenantId), TOPIC, Some(id.0)).await,
        None => Ok(()),
    }
}

/// Tickets that have been resolved since before `limit`, those that wait longest first.
pub async fn resolved_before(
    tx: &mut SystemTx,
    limit: DateTime<Utc>,
    most: i64,
) -> Result<Vec<TicketId>, Error> {
    let ids = sqlx::query_scalar!(
        "select id from ticket where state = 'resolved' and resolved_at < $1 order by resolved_at limit $2",
        limit,
        most
    );
    let ids = ids.fetch_all(tx.conn()).await?;
    Ok(ids.into_iter().map(TicketId).collect())
}
