//! The queries of which ticket tells of an incident of the provider's own.

use chrono::{DateTime, Utc};

use crate::platform::db::{Scoped, SystemTx};
use crate::platform::error::Error;
use crate::platform::ids::{IncidentId, TicketId};

/// An incident's ticket, and whether it works again.
pub async fn provider_ticket(
    tx: &mut SystemTx,
    incident: IncidentId,
) -> Result<Option<(TicketId, bool)>, Error> {
    let row = sqlx::query!(
        r#"select ticket_id, recovered_at is not null as "is_recovered!" from provider_breakdown where incident_id = $1"#,
        incident.0
    );
    let row = row.fetch_optional(tx.conn()).await?;
    Ok(row.map(|row| (TicketId(row.ticket_id), row.is_recovered)))
}

/// Writes that a ticket tells of an incident that does not work, or does not work again.
pub async fn provider_broken(tx: &mut SystemTx, incident: IncidentId, ticket: TicketId) -> Result<(), Error> {
    sqlx::query!(
        "insert into provider_breakdown (incident_id, ticket_id) values ($1, $2) \
         on conflict (incident_id) do update set ticket_id = $2, recovered_at = null",
        incident.0,
        ticket.0
    )
    .execute(tx.conn())
    .await?;
    Ok(())
}

/// Writes that it works again. Gives the ticket, the first time.
pub async fn provider_recovered(
    tx: &mut SystemTx,
    incident: IncidentId,
    now: DateTime<Utc>,
) -> Result<Option<TicketId>, Error> {
    let ticket = sqlx::query_scalar!(
        "update provider_breakdown set recovered_at = $2 where incident_id = $1 and recovered_at is null returning ticket_id",
        incident.0,
        now
    );
    Ok(ticket.fetch_optional(tx.conn()).await?.map(TicketId))
}
